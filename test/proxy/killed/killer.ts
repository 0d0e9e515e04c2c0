/** A thread that kills its process by a plan. Another thread cannot be interrupted inside a transaction by itself. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { KillPlan } from './plan.js';
import { watchUpgrade } from './progress.js';

/** What the thread is started with. */
export interface KillerStart {
  readonly plan: Exclude<KillPlan, { readonly kind: 'point' }>;
  readonly place: string;
  readonly pid: number;
  /** How many things were seen. */
  readonly seen: Int32Array;
}

const { plan, place, pid, seen } = workerData as KillerStart;

if (plan.kind === 'upgrade') {
  const { look } = await watchUpgrade(place);
  let last = await look();
  parentPort?.postMessage('ready');
  const endsAt = performance.now() + plan.ms;
  let steps = 0;
  while (steps < plan.steps && performance.now() < endsAt && Atomics.load(seen, 0) < plan.seen) {
    await nextTurn();
    const now = await look();
    if (now !== last) steps++;
    last = now;
  }
} else {
  parentPort?.postMessage('ready');
  for (let now = 0; now < plan.seen; now = Atomics.load(seen, 0)) Atomics.wait(seen, 0, now);
}
for (let spin = 0; spin < plan.spins; spin++) Atomics.load(seen, 0);
process.kill(pid, 'SIGKILL');
