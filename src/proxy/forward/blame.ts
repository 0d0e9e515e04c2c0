/**
 * Distinguishes a fault of the configuration, which every event meets, from a fault of one event:
 * Chargebee can answer both in the same way, such as by 403.
 */

/** What such an answer shows. */
export type Blamed =
  /** The event itself is to blame: the others go on. */
  | 'event'
  /** Perhaps the configuration: others are tried one by one, soon after each other. */
  | 'unsure'
  /** Everything would meet it. */
  | 'configuration';

/** What was answered as a fault of the configuration, since when. */
export interface Blame {
  /** The upstream took an event, or refused it by name. */
  succeeded(): void;
  /** What is to blame, now that this event met such an answer. */
  blame(id: string): Blamed;
}

/** While everything seems to meet such a fault, one event is tried so often, milliseconds. */
export const CIRCUIT_MS = 30_000;
/** So many events that meet it, without a success in between, are not a coincidence. */
const SUSPECTS = 3;
/** So many may still stand one behind the other, such as those of one campaign, ahead of others that are taken. */
const MOST_IN_A_ROW = 100;
/** More events than this that met it by themselves are not remembered. */
const MAX_ALONE = 1_000;

/** Starts with nothing known: the first answer of all may be to a wrong key. */
export const createBlame = (): Blame => {
  let hasSucceeded = false;
  let isProven = false;
  /** What met it since something last went well. */
  const suspects = new Set<string>();
  /** What met it between others that went well. */
  const alone = new Set<string>();

  return {
    succeeded() {
      hasSucceeded = true;
      isProven = true;
      if (alone.size > MAX_ALONE) alone.clear();
      for (const id of suspects) alone.add(id);
      suspects.clear();
    },
    blame(id) {
      const isFirst = !suspects.has(id) && !alone.has(id);
      if (!alone.has(id)) suspects.add(id);
      if (suspects.size >= SUSPECTS) isProven = false;
      if (isProven) return 'event';
      // An event that meets it a second time shows nothing new, so a few waiting events are not tried every second.
      return hasSucceeded && isFirst && suspects.size <= MOST_IN_A_ROW ? 'unsure' : 'configuration';
    },
  };
};
