/** How long a host waits for the thread that has its file. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ThreadStart } from '../../../../src/proxy/intake/sqlite/sqlite-calls.js';
import { startThread } from '../../../../src/proxy/intake/sqlite/sqlite-start.js';

const clock = vi.hoisted(() => ({ elapsedMs: 0 }));
const threads = vi.hoisted(() => ({ speaks: false, doors: [] as { close(): void }[] }));

vi.mock('../../../../src/runtime.js', () => ({
  platformRuntime: () => ({ elapsed: () => clock.elapsedMs }),
}));

/** Ends with its code in a bundle, before a word; or opens at once. */
vi.mock('node:worker_threads', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:worker_threads')>()),
  Worker: vi.fn(function open(_: URL, { workerData }: { readonly workerData: ThreadStart }) {
    const { door, said } = workerData;
    threads.doors.push(door);
    if (!threads.speaks) return;
    door.postMessage({});
    Atomics.add(new Int32Array(said), 0, 1);
  }),
}));

const start = (): ReturnType<typeof startThread> => startThread({} as Omit<ThreadStart, 'door' | 'said'>);

/** How long a start waited, by the clock; undefined if the thread opened. */
const waitedMs = (speaks: boolean): number | undefined => {
  threads.speaks = speaks;
  const since = clock.elapsedMs;
  const running = start();
  try {
    running.opened();
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'configuration' });
    expect(String(error)).toContain(`it said nothing for ${(clock.elapsedMs - since) / 1_000} s.`);
    return clock.elapsedMs - since;
  }
};

afterEach(() => {
  for (const door of threads.doors.splice(0)) door.close();
  vi.restoreAllMocks();
});

describe('a thread that says nothing', () => {
  it('is waited for 20 s the first time, and 1 s each further time until one opens', () => {
    vi.spyOn(Atomics, 'wait').mockImplementation((_, __, ___, ms = 0) => {
      clock.elapsedMs += Number(ms);
      return 'timed-out';
    });
    expect([false, false, false, true, false].map(waitedMs)).toEqual([
      20_000,
      1_000,
      1_000,
      undefined,
      20_000,
    ]);
  });
});
