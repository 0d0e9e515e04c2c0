/**
 * Tells a fault of the configuration, which everything meets, from a fault of one event: Chargebee can answer both in the
 * same way, such as by 403.
 */

/** What was answered as a fault of the configuration, since when. */
export interface Blame {
  /** The upstream took an event, or refused it by name. */
  succeeded(): void;
  /** Whether the configuration is to blame, now that this event met such an answer. */
  isConfiguration(id: string): boolean;
}

/** So many events that meet it, with none that goes well between, are no coincidence. */
const SUSPECTS = 3;
/** More events than this that met it by themselves are not remembered. */
const MAX_ALONE = 1_000;

/** Starts with nothing known: the first answer of all may be to a wrong key. */
export const createBlame = (): Blame => {
  let isProven = false;
  /** What met it since something last went well. */
  const suspects = new Set<string>();
  /** What met it between others that went well. */
  const alone = new Set<string>();

  return {
    succeeded() {
      isProven = true;
      if (alone.size > MAX_ALONE) alone.clear();
      for (const id of suspects) alone.add(id);
      suspects.clear();
    },
    isConfiguration(id) {
      if (!alone.has(id)) suspects.add(id);
      if (suspects.size >= SUSPECTS) isProven = false;
      return !isProven;
    },
  };
};
