/** A flusher over an outbox in memory. The test decides what the endpoint answers. */
import { createFlusher, type Flusher, type FlusherOptions } from '../../src/client/later/delivery/flusher.js';
import type { Attempt } from '../../src/client/later/delivery/transport.js';
import type { LeasingOptions } from '../../src/client/later/outbox/remembering.js';
import type { Records } from '../../src/client/outbox/records.js';
import type { OffersightError } from '../../src/errors.js';
import type { Verdict } from '../../src/protocol/batch.js';
import type { OfferEvent } from '../../src/protocol/event.js';
import { idsOf } from './events.js';
import { openMemoryTab, storedIds, type Tab } from './outbox.js';
import type { FakeRuntime } from './runtime.js';

/** What the endpoint says to a batch. */
export type Script = (events: readonly OfferEvent[]) => Attempt | Promise<Attempt>;

export interface FlusherBench extends Tab {
  readonly flusher: Flusher;
  readonly runtime: FakeRuntime;
  readonly records: Records;
  /** The ids of each batch that was posted, in order. */
  readonly asked: string[][];
  readonly reports: OffersightError[];
  /** The endpoint's next answers, one for each batch. The last one stays. */
  answer(...scripts: Script[]): void;
  /** The ids of the entries that are still there. */
  waiting(): Promise<unknown[]>;
}

/** Every event gets the same verdict. */
export const all =
  (verdict: Verdict): Script =>
  (events) => ({ kind: 'answered', verdicts: new Map(events.map(({ id }) => [id, verdict])) });

export const accept = all({ kind: 'accepted' });

/** Verdicts by id, as given. */
export const verdicts =
  (by: Readonly<Record<string, Verdict>>): Script =>
  () => ({ kind: 'answered', verdicts: new Map(Object.entries(by)) });

/** A reply that says nothing about events. */
export const fails =
  (kind: 'back-off' | 'throttled' | 'circuit', retryAfterMs = 0): Script =>
  () => ({ kind, retryAfterMs, cause: kind });

export const unsplit: Script = () => ({ kind: 'unsplit', cause: 413 });

/** Starts a flusher; by default everything is accepted. */
export const startFlusher = ({
  options = {},
  bounds = {},
}: {
  options?: FlusherOptions;
  bounds?: LeasingOptions;
} = {}): FlusherBench => {
  const tab = openMemoryTab(bounds);
  const asked: string[][] = [];
  const reports: OffersightError[] = [];
  let scripts: Script[] = [accept];
  const flusher = createFlusher(
    {
      ...tab,
      async transport(events) {
        asked.push(idsOf(events));
        const script = (scripts.length > 1 ? scripts.shift() : scripts[0]) ?? accept;
        return script(events);
      },
      report: (error) => reports.push(error),
    },
    options,
  );
  return {
    ...tab,
    flusher,
    asked,
    reports,
    answer(...given) {
      scripts = given;
    },
    waiting: () => storedIds(tab.records, 'entry'),
  };
};
