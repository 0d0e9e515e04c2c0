/** When a forwarder polls its lane for due events: when it is woken, and after as long as the last look said. One look at a time. */
import type { Runtime, Stop } from '../../runtime.js';

/** The polling of one forwarder. */
export interface Polling {
  /** Looks at once, or again as soon as the look under way has ended. */
  wake(): void;
  /** Begins no look any more, and waits for the one under way. */
  close(): Promise<void>;
}

/** A disk or an intake that failed is asked again after this long. */
export const AGAIN_MS = 1_000;

/**
 * Looks for the first time when it is woken.
 * @param look Resolves in how many milliseconds to look again.
 * @param failed Called if a look rejects.
 */
export const createPolling = (
  runtime: Pick<Runtime, 'after'>,
  look: () => Promise<number>,
  failed: (cause: unknown) => void,
): Polling => {
  let stopTimer: Stop | undefined;
  let looking: Promise<void> | undefined;
  let isWoken = false;
  let isClosed = false;

  const lookOnce = async (): Promise<void> => {
    let delayMs = AGAIN_MS;
    isWoken = false;
    try {
      delayMs = await look();
    } catch (cause) {
      failed(cause);
      // Not at once again, even if something wakes us: asking does not repair a broken disk.
      isWoken = false;
    }
    if (!isClosed) stopTimer = runtime.after(Math.max(0, delayMs), wake);
  };

  const wake = (): void => {
    isWoken = true;
    if (isClosed) return;
    stopTimer?.();
    looking ??= lookOnce().finally(() => {
      looking = undefined;
      // While it looked.
      if (isWoken) wake();
    });
  };

  return {
    wake,
    async close() {
      isClosed = true;
      stopTimer?.();
      await looking;
    },
  };
};
