/** A runtime whose clock moves only on command: no test waits for a real clock. */
import type { Runtime } from '../../src/runtime.js';

/** A runtime under a test's control. */
export interface FakeRuntime extends Runtime {
  /** Lets time pass and runs due tasks in order. The promises of each task settle before the next one. */
  advance(ms: number): Promise<void>;
  /** Moves only the wall clock, as a user or a time server does. */
  jump(ms: number): void;
  /** Skips time in which nothing runs. Tasks that fell due meanwhile run with the next {@link advance}. */
  pass(ms: number): void;
  /** How many timers wait. */
  readonly timers: number;
}

/** Lets every promise settle that can, even after macrotasks of IndexedDB and streams. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/**
 * Makes a runtime at a fixed time.
 * @param overrides What the test replaces, such as `fetch`.
 */
export const fakeRuntime = (overrides: Partial<Runtime> = {}): FakeRuntime => {
  const start = 1_763_600_000_000;
  let elapsed = 0;
  let offset = 0;
  let counter = 0;
  let nextId = 0;
  const waiting = new Map<number, { at: number; task: () => void }>();
  return {
    now: () => start + elapsed + offset,
    elapsed: () => elapsed,
    after(delayMs, task) {
      const id = nextId++;
      waiting.set(id, { at: elapsed + Math.max(0, delayMs), task });
      return () => void waiting.delete(id);
    },
    random: () => 0.5,
    randomBits: () => BigInt.asUintN(64, BigInt(++counter) * 0x9e3779b97f4a7c15n),
    fetch: () => Promise.reject(new TypeError('no network in this test')),
    ...overrides,
    async advance(ms) {
      const end = elapsed + ms;
      await settle();
      for (;;) {
        const due = [...waiting].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
        if (!due) break;
        const [id, { at, task }] = due;
        waiting.delete(id);
        elapsed = Math.max(elapsed, at);
        task();
        await settle();
      }
      elapsed = end;
      await settle();
    },
    jump(ms) {
      offset += ms;
    },
    pass(ms) {
      elapsed += ms;
    },
    get timers() {
      return waiting.size;
    },
  };
};
