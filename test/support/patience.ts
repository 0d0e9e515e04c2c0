/** How long a test waits for something on a busy machine, milliseconds. The test itself has a minute. */
export const PATIENCE_MS = 15_000;
