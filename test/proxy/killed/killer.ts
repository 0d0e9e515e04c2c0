/** A thread that kills its process by a plan. Another thread cannot be interrupted inside a transaction by itself. */
import { parentPort, workerData } from 'node:worker_threads';
import type { KillPlan } from './plan.js';

/** What the thread is started with. */
export interface KillerStart {
  readonly plan: Exclude<KillPlan, { readonly kind: 'point' }>;
  readonly pid: number;
  /** How many things were seen. */
  readonly seen: Int32Array;
}

const { plan, pid, seen } = workerData as KillerStart;

parentPort?.postMessage('ready');
for (let now = 0; now < plan.seen; now = Atomics.load(seen, 0)) Atomics.wait(seen, 0, now);
for (let spin = 0; spin < plan.spins; spin++) Atomics.load(seen, 0);
process.kill(pid, 'SIGKILL');
