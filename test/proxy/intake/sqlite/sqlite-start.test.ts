/** How long a host waits for the thread that has its file. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ThreadStart } from '../../../../src/proxy/intake/sqlite/sqlite-calls.js';
import { startThread } from '../../../../src/proxy/intake/sqlite/sqlite-start.js';

const clock = vi.hoisted(() => ({ elapsedMs: 0 }));
const threads = vi.hoisted(() => ({ speaks: false, doors: [] as { close(): void }[] }));

vi.mock('../../../../src/runtime.js', () => ({
  platformRuntime: () => ({ elapsed: () => clock.elapsedMs }),
}));

/** A thread that ends before a word, as if a bundle had broken it, or one that opens at once. It answers no claim. */
vi.mock('node:worker_threads', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:worker_threads')>()),
  Worker: vi.fn(function open(_: URL, { workerData }: { readonly workerData: ThreadStart }) {
    const { door, said } = workerData;
    threads.doors.push(door);
    if (threads.speaks) {
      door.postMessage({});
      Atomics.add(new Int32Array(said), 0, 1);
    }
    return { postMessage: (): void => undefined };
  }),
}));

const start = (): ReturnType<typeof startThread> => startThread({} as Omit<ThreadStart, 'door' | 'said'>);

/** How long this waited, by the clock; undefined if the thread answered. */
const waitedMs = (wait: () => void): number | undefined => {
  const since = clock.elapsedMs;
  try {
    wait();
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'configuration' });
    expect(String(error)).toContain(`it said nothing for ${(clock.elapsedMs - since) / 1_000} s.`);
    return clock.elapsedMs - since;
  }
};

/** How long opening waited. */
const openingMs = (speaks: boolean): number | undefined => {
  threads.speaks = speaks;
  const running = start();
  return waitedMs(() => running.opened());
};

beforeEach(() => {
  vi.spyOn(Atomics, 'wait').mockImplementation((_, __, ___, ms = 0) => {
    clock.elapsedMs += Number(ms);
    return 'timed-out';
  });
});

afterEach(() => {
  for (const door of threads.doors.splice(0)) door.close();
  vi.restoreAllMocks();
});

describe('a thread that says nothing', () => {
  it('has 20 s to open the first time, and 1 s each further time until one opens', () => {
    const waited = [false, false, false, true, false].map(openingMs);
    expect(waited).toEqual([20_000, 1_000, 1_000, undefined, 20_000]);
    // The next test begins with one that opens.
    expect(openingMs(true)).toBeUndefined();
  });

  it('has 20 s for each claim, since calls under way come first, and the next one has as long to open', () => {
    threads.speaks = true;
    const running = start();
    running.opened();
    const claim = (): number | undefined =>
      waitedMs(() => running.claim({ site: 'acme-test', groups: undefined }));
    expect([claim(), claim()]).toEqual([20_000, 20_000]);
    expect(openingMs(false)).toBe(20_000);
  });
});
