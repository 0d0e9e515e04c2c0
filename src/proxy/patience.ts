/**
 * Deadlines that a busy process cannot run out. After a long task Node runs the timers that are due before it reads what
 * has arrived meanwhile, so a single timer would call an answer late that has long been there.
 */
import type { Runtime, Stop } from '../runtime.js';

const TURN_MS = 250;
/** What hooks may take for a request; the client waits for 12 s. */
export const HOOK_MS = 6_000;

/**
 * Runs `task` unless it is stopped within about so many milliseconds in which the process was free. They are waited for in
 * turns, each of which begins when the one before it ends: however long a task is, it costs one turn.
 */
export const patiently = (runtime: Pick<Runtime, 'after'>, delayMs: number, task: () => void): Stop => {
  let leftMs = delayMs;
  let stop: Stop;
  const wait = (): void => {
    const turnMs = Math.min(TURN_MS, leftMs);
    leftMs -= turnMs;
    stop = runtime.after(turnMs, leftMs > 0 ? wait : last);
  };
  /** What came in the last turn is read before this. */
  const last = (): void => {
    stop = runtime.after(0, task);
  };
  wait();
  return () => stop();
};

/**
 * Rejects with `ETIMEDOUT` if no answer has come within so many milliseconds of that kind.
 * @param who What the error names.
 */
export const inTime = <Result>(
  runtime: Pick<Runtime, 'after'>,
  delayMs: number,
  answered: Promise<Result>,
  onLate?: () => void,
  who = 'The intake',
): Promise<Result> =>
  new Promise((resolve, reject) => {
    const stop = patiently(runtime, delayMs, () => {
      onLate?.();
      const late = new Error(`${who} did not answer within ${delayMs / 1_000} s.`);
      reject(Object.assign(late, { code: 'ETIMEDOUT' }));
    });
    const stopped =
      <Value>(end: (value: Value) => void) =>
      (value: Value): void => {
        stop();
        end(value);
      };
    answered.then(stopped(resolve), stopped(reject));
  });
