/**
 * Composes what delivers: records that recover, the leasing side of the outbox, flusher and
 * transport. Uses neither window nor document, so that a service worker runs the same code.
 */
import { OffersightError } from '../../errors.js';
import type { OfferEvent } from '../../protocol/event.js';
import { decodeReply } from '../../protocol/reply.js';
import type { Runtime } from '../../runtime.js';
import type { Outbox, Owner } from '../outbox/outbox.js';
import type { Records, Rows } from '../outbox/records.js';
import { createFlusher, type Flusher, type FlusherOptions } from './delivery/flusher.js';
import { type Attempt, createTransport } from './delivery/transport.js';
import type { OnDiscard } from './outbox/giving-up.js';
import { createLeasing, type Leasing } from './outbox/leasing.js';
import type { MendingListener } from './outbox/mended.js';
import { type LeasingOptions, NO_PAUSE } from './outbox/remembering.js';
import { applyVerdicts } from './outbox/verdicts.js';

/** What delivery works with. */
export interface DeliveringContext {
  readonly outbox: Outbox;
  readonly owner: Owner;
  /** Makes records that recover from faults; left out if those of the outbox do already. */
  readonly mend?: (listener: MendingListener) => Records;
  readonly runtime: Runtime;
  /** Lets other tabs know which events are settled or given up. */
  readonly tellTabs: (ids: readonly string[]) => void;
  readonly options: LeasingOptions & FlusherOptions;
  readonly report: (error: OffersightError) => void;
  readonly onDiscard: OnDiscard;
  /** Called once for each recorded event, with whether the database has it or only this page's memory. */
  readonly onRecorded?: (event: OfferEvent, isDurable: boolean) => void;
}

/** Delivers what the outbox holds. */
export interface Delivering {
  readonly leasing: Leasing;
  readonly flusher: Flusher;
  /** What a farewell came to, if the page lives on. */
  settleFarewell(events: readonly OfferEvent[], status: number, body: string): Promise<void>;
}

/** An endpoint that has not been there for so long is given up. */
const ABSENT_MS = 3_600_000;

/** Makes it, and starts nothing yet. */
export const createDelivering = (context: DeliveringContext): Delivering => {
  const { mend, runtime, options, report } = context;
  const outbox = context.outbox as Outbox<Rows>;
  if (mend) outbox.records = mend({ makeRoom: (records) => leasing.makeRoom(records), report });
  /** Whether the page's own endpoint answered properly when it was asked last. */
  let isAnswered = false;
  /** The other endpoints that this page has asked, and whether each of them is given up. */
  const others = new Map<string, boolean>();
  /** The flushers that ask other endpoints now. */
  const bringers = new Set<Flusher>();
  /** Asks another endpoint to take what is stranded, once a page. */
  const bring = (endpoint: string): void => {
    const theirs: Outbox<Rows> = { ...outbox, endpoint, mirror: new Map(), pause: NO_PAUSE };
    const stranded = createLeasing({ ...context, outbox: theirs });
    const onAttempt = (attempt: Attempt): unknown => {
      if (!('isAbsent' in attempt && attempt.isAbsent))
        // Any other answer shows that the endpoint exists.
        return (
          'cause' in attempt &&
          Number(attempt.cause) &&
          stranded.setPause(({ absentSince: _, ...pause }) => pause)
        );
      const { absentSince = runtime.now() } = theirs.pause;
      if (absentSince + ABSENT_MS <= runtime.now()) {
        others.set(endpoint, true);
        report(new OffersightError('configuration', `No proxy at ${endpoint}: its events come here.`));
        flusher.wake();
      }
      return stranded.setPause((current) => ({ ...current, absentSince }));
    };
    const bringer = createFlusher(
      {
        ...context,
        leasing: stranded,
        outbox: theirs,
        transport: createTransport(runtime, theirs),
        onAttempt,
        report: () => undefined,
      },
      options,
    );
    bringers.add(bringer);
    void bringer.flush().then(() => {
      bringer.stop();
      bringers.delete(bringer);
    });
  };
  const leasing = createLeasing({
    ...context,
    outbox,
    onStranded(endpoint) {
      if (!others.has(endpoint)) {
        others.set(endpoint, false);
        bring(endpoint);
      }
      return isAnswered && !!others.get(endpoint);
    },
  });
  const flusher = createFlusher(
    {
      ...context,
      leasing,
      transport: createTransport(runtime, outbox),
      onAttempt({ kind }) {
        isAnswered = kind === 'answered';
      },
    },
    options,
  );
  return {
    leasing,
    flusher: {
      ...flusher,
      pause() {
        for (const each of [flusher, ...bringers]) each.pause();
      },
      stop() {
        for (const each of [flusher, ...bringers]) each.stop();
      },
    },
    async settleFarewell(events, status, body) {
      const verdicts = decodeReply(body);
      if (status !== 200 || !verdicts) return;
      await applyVerdicts(leasing, events, verdicts, { now: runtime.now() });
      // A farewell is sent in spite of an open circuit, but not in spite of any other pause.
      if (outbox.pause.kind === 'circuit') await leasing.endPause();
    },
  };
};
