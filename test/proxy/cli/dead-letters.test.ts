/** `offersight dead-letters`: what it says of the ids that it was given, and how an offer or a time chooses. */
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { runCommandLine } from '../../../src/proxy/cli/command-line.js';
import { admitted, temporaryFolder } from '../../support/intake.js';
import { intakeHere } from '../../support/sqlite.js';
import { START } from '../../support/wire.js';

/** An intake in a file that commands find, and what they print. */
const opened = () => {
  const folder = temporaryFolder();
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  const file = join(folder.path, 'intake.db');
  const intake = intakeHere({ file });
  onTestFinished(async () => {
    await intake.close();
    folder.remove();
  });
  return { file, intake, printed };
};

it('a retry says how many dead letters wait again, and for how many ids nothing changed', async () => {
  const { file, intake, printed } = opened();
  await intake.take([admitted(1)]);
  const { rows } = await intake.begin({ now: START, limit: 1, perMinute: 10 });
  const [{ id, attempts: attempt } = { id: '', attempts: 0 }] = rows;
  await intake.finish([{ id, attempt, result: { kind: 'dead', code: 'refused' } }], START);
  const retry = (...ids: string[]) =>
    runCommandLine(['dead-letters', 'retry', ...ids, '--intake', `sqlite:${file}`]);
  onTestFinished(() => {
    process.exitCode = undefined;
  });
  const ends: unknown[] = [];
  for (const ids of [['no-such-id'], [id, 'no-such-id', 'nor-this-one', id], []]) {
    process.exitCode = undefined;
    await retry(...ids);
    ends.push(process.exitCode);
  }
  expect(ends).toEqual([1, 1, undefined]);
  expect(printed).toEqual([
    '0 dead letters wait again. Nothing changed for 1 of the ids: offersight dead-letters list shows all that can wait again, those with the code viewed_dead only together with their viewed.',
    '1 dead letter waits again. Nothing changed for 2 of the ids: offersight dead-letters list shows all that can wait again, those with the code viewed_dead only together with their viewed.',
    '0 dead letters wait again.',
  ]);
});

it('an offer or a time chooses dead letters, to print them and to let them wait again', async () => {
  const { file, intake, printed } = opened();
  const inAnHour = START + 3_600_000;
  const purged = admitted(4, { offerId: 'summer' });
  await intake.take([
    admitted(1, { offerId: 'summer' }),
    admitted(2, { offerId: 'summer', type: 'dismissed', receivedAt: inAnHour }),
    admitted(3, { offerId: 'winter' }),
    purged,
  ]);
  await intake.purge([purged.id], START);
  for (let round = 0; round < 3; round++) {
    const { rows } = await intake.begin({ now: inAnHour, limit: 10, perMinute: 10 });
    await intake.finish(
      rows.map(({ id, attempts: attempt }) => ({ id, attempt, result: { kind: 'dead', code: 'refused' } })),
      inAnHour,
    );
  }
  const run = async (...args: string[]): Promise<string[]> => {
    await runCommandLine(['dead-letters', ...args, '--intake', `sqlite:${file}`]);
    return printed.splice(0);
  };
  const offersOf = (lines: readonly string[]): unknown[] =>
    lines.map((line) => (JSON.parse(line) as { personalized_offer_id: unknown }).personalized_offer_id);
  const since = ['--since', `${inAnHour}`];
  expect(offersOf(await run('list', '--offer', 'winter'))).toEqual(['winter']);
  expect(offersOf(await run('export', ...since))).toEqual(['summer']);
  expect(await run('retry', '--offer', 'autumn')).toEqual(['0 dead letters wait again.']);
  // A `dismissed` waits again only with its `viewed`, so the time by itself revives nothing here.
  expect(await run('retry', ...since)).toEqual(['0 dead letters wait again.']);
  expect(await run('retry', '--offer', 'summer')).toEqual(['2 dead letters wait again.']);
  expect((await intake.status(inAnHour)).waiting).toBe(2);
  for (const choice of [['--offer', 'summer'], since])
    await expect(run('retry', purged.id, ...choice)).rejects.toThrow(
      'Choose dead letters by their ids, or by offer and since.',
    );
  await expect(run('list', purged.id)).rejects.toThrow(
    'Choose what to list by --offer and --since: only retry takes ids.',
  );
});
