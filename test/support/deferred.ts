/** A promise that the test settles when it likes. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(cause: unknown): void;
}

/** Makes a promise that waits for the test. */
export const deferred = <T>(): Deferred<T> => {
  let settlers: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settlers = { resolve, reject };
  });
  return {
    promise,
    resolve: (value) => settlers?.resolve(value),
    reject: (cause) => settlers?.reject(cause),
  };
};
