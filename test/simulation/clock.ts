/** Virtual time: nothing waits for a real clock, and due tasks run in order, one at a time. */
import type { Stop } from '../../src/runtime.js';

/** When the runs begin, epoch milliseconds. */
export const START = 1_763_600_000_000;

interface Timer {
  readonly at: number;
  readonly order: number;
  task: (() => void) | undefined;
}

/** The clock of a run. */
export interface Clock {
  /** The true time, milliseconds after the start. */
  readonly elapsed: number;
  /** How many tasks ran. */
  readonly steps: number;
  /** Runs `task` after a delay in milliseconds, never within this task. */
  after(delayMs: number, task: () => void): Stop;
  /** Lets time pass until then, milliseconds after the start, running what falls due. */
  runTo(elapsed: number): Promise<void>;
  /** Whether anything is due at all. */
  readonly isIdle: boolean;
}

/** Lets every promise settle that can: here, none waits for more than microtasks. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Makes a clock that moves only on command. */
export const createClock = (): Clock => {
  const heap: Timer[] = [];
  let elapsed = 0;
  let order = 0;
  let steps = 0;

  // A binary heap: both indexes are in range where they are used.
  const at = (index: number): Timer => heap[index] as Timer;
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [at(b), at(a)];
  };
  const push = (timer: Timer): void => {
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(at(index), at(parent))) break;
      swap(index, parent);
      index = parent;
    }
  };
  const pop = (): void => {
    swap(0, heap.length - 1);
    heap.pop();
    let index = 0;
    for (;;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2])
        if (child < heap.length && isBefore(at(child), at(least))) least = child;
      if (least === index) return;
      swap(index, least);
      index = least;
    }
  };
  /** Timers that were stopped stay in the heap until their turn. */
  const skip = (): void => {
    while (heap[0] && !heap[0].task) pop();
  };

  return {
    get elapsed() {
      return elapsed;
    },
    get steps() {
      return steps;
    },
    get isIdle() {
      skip();
      return heap.length === 0;
    },
    after(delayMs, task) {
      const timer: Timer = { at: elapsed + Math.max(0, delayMs), order: order++, task };
      push(timer);
      return () => {
        timer.task = undefined;
      };
    },
    async runTo(end) {
      await turn();
      for (;;) {
        skip();
        const [timer] = heap;
        if (!timer || timer.at > end) break;
        pop();
        elapsed = Math.max(elapsed, timer.at);
        steps++;
        timer.task?.();
        await turn();
      }
      elapsed = Math.max(elapsed, end);
    },
  };
};
