/** Which Node is too old. Older ones fail at some later place, in words that say nothing of the cause. */

const LEAST = 20;

/** What is wrong with the version that runs, in words. Where no Node runs nothing is. */
export const nodeFault = (
  node = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node,
): string | undefined =>
  node !== undefined && Number.parseInt(node, 10) < LEAST
    ? `Offersight needs Node ${LEAST} or newer. This is Node ${node}.`
    : undefined;
