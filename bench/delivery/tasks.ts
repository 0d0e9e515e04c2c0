/** Looks at the main thread from inside: where a task ends, and when transactions begin and complete. */

/**
 * The time from now to the end of this task and its microtasks, milliseconds. A message that is posted now comes next,
 * if the page has nothing else to do.
 */
export const afterTask = (): Promise<number> => {
  const from = performance.now();
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      resolve(performance.now() - from);
      port1.close();
    };
    port2.postMessage(undefined);
  });
};

/** Every IndexedDB transaction of this page. */
export interface Transactions {
  /** How many have begun. */
  count(): number;
  /** Called when the next transaction to begin completes, before its caller hears of it. */
  onComplete(listener: () => void): void;
}

/** Watches them from now on. */
export const watchTransactions = (): Transactions => {
  let count = 0;
  let listener: (() => void) | undefined;
  const original = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...args) {
    const transaction = original.apply(this, args);
    count++;
    if (listener) transaction.addEventListener('complete', listener, { once: true });
    listener = undefined;
    return transaction;
  };
  return {
    count: () => count,
    onComplete(given) {
      listener = given;
    },
  };
};
