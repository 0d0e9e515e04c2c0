/**
 * The delivery promise under thousands of seeded schedules of faults, over virtual time:
 * `npm run simulate -- --schedules 5000 --seed 1`. A failure is made small and printed with the command that
 * repeats it. `--path` repeats only that one, `--story` prints all of its rows, and `--schedule` runs a
 * printed one from a file. `--root` takes the rooms from another folder of source.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { check, explain } from '../test/history/checker.js';
import type { History } from '../test/history/row.js';
import { lineOf } from '../test/history/story.js';
import { loadRooms } from '../test/simulation/rooms.js';
import { simulate, tell } from '../test/simulation/run.js';
import type { Schedule } from '../test/simulation/schedule.js';
import { runSchedule } from '../test/simulation/world.js';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '2000' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000_000}` },
    size: { type: 'string', default: '40' },
    path: { type: 'string' },
    schedule: { type: 'string' },
    root: { type: 'string' },
    story: { type: 'boolean', default: false },
  },
});

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc') as NodeJS.GCFunction;

const seed = Number(values.seed);
const rooms = await loadRooms(values.root);
const story = (history: History): void => {
  for (const row of history) console.log(lineOf(row, history[0]?.at ?? 0));
};

if (values.schedule !== undefined) {
  const { history } = await runSchedule(rooms, JSON.parse(readFileSync(values.schedule, 'utf8')) as Schedule);
  const checked = check(history);
  console.log(checked.isKept ? 'Kept.' : explain(checked));
  if (values.story) story(history);
  process.exit(checked.isKept ? 0 : 1);
}

const startedAt = performance.now();
const { totals, broken } = await simulate(rooms, {
  schedules: Number(values.schedules),
  seed,
  focus: { size: Number(values.size) },
  ...(values.path !== undefined && { path: values.path }),
});
console.log(`seed ${seed}\n${tell(totals)}`);
const seconds = (performance.now() - startedAt) / 1_000;
console.log(`${seconds.toFixed(1)} s, ${(totals.schedules / seconds).toFixed(0)} schedules a second`);
if (broken) {
  console.log(`\nBroken: ${broken.invariants.join(', ')}, by schedule ${broken.number}`);
  console.log(`Repeat: npm run simulate -- --seed ${seed} --size ${values.size} --path ${broken.path}`);
  console.log(JSON.stringify(broken.schedule));
  console.log(broken.explanation);
  if (values.story) story((await runSchedule(rooms, broken.schedule)).history);
  process.exitCode = 1;
}
