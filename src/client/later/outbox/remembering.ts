/** What the origin remembers beside its events: pauses, facts about offers, dead letters, where a worker delivers. */
import { jsonOf } from '../../../protocol/encode.js';
import type { OfferEvent } from '../../../protocol/event.js';
import { MARK_MS, type Outbox, type Owner } from '../../outbox/outbox.js';
import type { Mark, Pause, RecordKey, Rows } from '../../outbox/records.js';
import type { Ways } from './giving-up.js';
import { prune } from './pruning.js';
import { believed, lossOf, MAX_CIRCUIT_MS } from './reading.js';
import { MAX_WAIT_MS } from './waits.js';

/** What bounds the outbox. */
export interface LeasingOptions {
  /**
   * Most events that may wait; beyond it the oldest are given up, and reported.
   * @default 10000
   * @range from 1; less is not checked
   * @example `2_000`
   */
  readonly maxEntries?: number;
  /** Most bytes that waiting events may take, each counted as 400. @default 4194304 (4 MiB) @range from 400; less is not checked @example `1_048_576` */
  readonly maxBytes?: number;
  /** How long an event may wait, milliseconds. @default 259200000 (72 hours) @range from 0 to 518400000 (6 days); less is not checked, and more counts as 518400000 @example `86_400_000` */
  readonly retentionMs?: number;
}

/** The endpoint at which a service worker delivers what a closed page left, and for whom. */
export interface Site extends LeasingOptions, Pick<Owner, 'subject'> {
  readonly endpoint: string;
  /** Most events in one request. */
  readonly maxBatch?: number;
  /** Largest request body, bytes. */
  readonly maxBatchBytes?: number;
}

/** What waits, what was given up. */
export interface OutboxStats {
  /** Events that are not settled yet: of the whole browser, and of this page those that are only in its memory. */
  readonly waiting: number;
  /** How many of them are only in this page's memory, and die with it. */
  readonly inMemory: number;
  /** Dead letters: what the proxy refused by name or what is unreadable; the latest 50, for 7 days. */
  readonly dead: number;
  /** Why nothing is sent now, if that is so. */
  readonly pause?: OutboxPause | undefined;
}

/** Why nothing is sent now, and until when. */
export interface OutboxPause extends Pause {
  /** Where events go. */
  readonly url: string;
}

/** What is remembered or, if the database does not answer, what the page knows. */
export interface Remembering {
  /**
   * The endpoint answered in order. A pause that holds by now was asked for on another tab meanwhile, unless the answer came
   * in spite of an open circuit.
   */
  endPause(): Promise<void>;
  /** Replaces the pause. */
  setPause(next: (current: Pause) => Pause): Promise<void>;
  /**
   * Remembers that the offer was accepted: nothing can dismiss it any more. If the database does
   * not take it now, the next read or lease writes it.
   */
  accept(offerId: string): Promise<unknown>;
  /** The facts remembered about offers, and the pause; forgets those that are over, and old dead letters. */
  marks(): Promise<Mark[]>;
  /** Gives a service worker the endpoint. */
  setSite(site: Site): Promise<unknown>;
  stats(): Promise<OutboxStats>;
}

/** No pause. */
export const NO_PAUSE: Pause = { at: 0, failures: 0, kind: 'none' };

const MAX_MARKS = 2_000;
const MAX_DEAD = 50;
const DEAD_MS = 7 * 86_400_000;

/** What was given up, and kept to be looked at. */
interface Letter {
  readonly deadAt: number;
}

/** What else the leasing side asks of it. */
export interface Remembered {
  /** Reads the pause of the outbox's endpoint. One that the database could not take holds if it ends later. */
  readPause(rows: Rows): Promise<void>;
  /** The pause as the page knows it. */
  knownPause(): Pause;
  /** Remembers an event that counts once in the browser, as soon as the database takes that. */
  remember(event: OfferEvent): unknown;
  /** Deletes what is remembered of the user. A pause says nothing of one, and other tabs need it. */
  forgetUser(rows: Rows): Promise<void>;
}

/** Makes what remembers. */
export const createRemembering = (
  outbox: Outbox<Rows>,
  now: () => number,
  { transact, owe }: Ways,
): readonly [Remembering, Remembered] => {
  const { mirror, endpoint } = outbox;
  const key: RecordKey = ['state', 'pause', endpoint];
  /** What the database may not have yet. */
  let unsaved: Pause | undefined;

  const remember = ({ offerId, type, id }: Pick<Mark, 'offerId' | 'type' | 'id'>): unknown =>
    owe(['seen', offerId, type], { offerId, type, until: now() + MARK_MS, id } satisfies Mark);

  /** It is over if it was meant for another clock. */
  const saneOf = (pause: Pause): Pause => ({
    ...pause,
    at: believed(pause.at, now(), pause.kind === 'circuit' ? MAX_CIRCUIT_MS : MAX_WAIT_MS),
  });

  const knownPause = (): Pause => {
    outbox.pause = saneOf(outbox.pause);
    return outbox.pause;
  };

  /** @param known Records that have no pause may have taken the place of others. */
  const storedPause = async (rows: Rows, known: Pause): Promise<Pause> =>
    saneOf(((await rows.get(key)) ?? known) as Pause);

  /** The one that ends later holds, unless ours says that a circuit is closed. */
  const laterOf = (stored: Pause, own: Pause | undefined): Pause => {
    const ours = own && saneOf(own);
    return ours && (ours.at > stored.at || (ours.kind === 'none' && stored.kind === 'circuit'))
      ? ours
      : stored;
  };

  const readPause = async (rows: Rows): Promise<void> => {
    outbox.pause = laterOf(await storedPause(rows, outbox.pause), unsaved);
  };

  const statsOf = (dead: number, stored?: number): OutboxStats => {
    const { pause } = outbox;
    const inMemory = [...mirror.values()].filter(({ isStored }) => !isStored).length;
    return {
      // If the database does not answer, this page's part of it.
      waiting: stored === undefined ? mirror.size : stored + inMemory,
      inMemory,
      dead,
      pause: pause.at > now() ? { ...pause, url: endpoint } : undefined,
    };
  };

  const remembering: Remembering = {
    endPause: () =>
      remembering.setPause((current) =>
        current.at > now() && current.kind !== 'circuit' ? current : NO_PAUSE,
      ),

    async setPause(next) {
      const [known, before] = [outbox.pause, unsaved];
      let after = next(known);
      // Known before it is stored, since a farewell that leaves meanwhile keeps to it as well.
      if (after !== known) unsaved = outbox.pause = after;
      let writing = unsaved;
      const write = transact(async (rows) => {
        const stored = await storedPause(rows, known);
        after = next(laterOf(stored, before));
        if (after === stored) return;
        rows.put(key, after);
        // Another random delay than the known one, and it may be stored later than anybody waits.
        if (unsaved === writing) writing = unsaved = outbox.pause = after;
      });
      // If the database does not take it, the next call writes it.
      const isWritten = await write.then(
        () => true,
        () => false,
      );
      // Otherwise a later one holds, or the database has none of it.
      if (!isWritten || unsaved !== writing) return;
      unsaved = undefined;
      outbox.pause = after;
    },

    accept(offerId) {
      remember({ offerId, type: 'accepted' });
      return transact(async () => undefined).catch(() => undefined);
    },

    marks: () =>
      transact(async (rows) => {
        await readPause(rows);
        // What another tab settled or gave up while this page could not hear of it.
        await Promise.all(
          [...mirror].map(async ([id, { event, isStored, isTold }]) => {
            if (!(isStored && isTold) || (await rows.get(['entry', id]))) return;
            const loss = await lossOf(rows, event.impressionId);
            if (loss) outbox.lost.set(event.impressionId, loss);
            mirror.delete(id);
          }),
        );
        await prune<Letter>(rows, now(), 'dead', {
          most: MAX_DEAD,
          until: (letter) => letter?.deadAt + DEAD_MS,
        });
        return prune<Mark>(rows, now(), 'seen', { most: MAX_MARKS, until: (fact) => fact?.until });
      }).catch(() => []),

    setSite: (site) =>
      transact(async (rows) => {
        const there = await rows.get(['state', 'site', endpoint]);
        if (jsonOf(Object(there) as object) !== jsonOf(site)) rows.put(['state', 'site', endpoint], site);
      }),

    stats: () =>
      transact(async (rows) => {
        await readPause(rows);
        return statsOf(await rows.query('count', 'dead'), await rows.query('count', 'entry'));
      }).catch(() => statsOf(0)),
  };

  return [
    remembering,
    {
      readPause,
      knownPause,
      remember,

      async forgetUser(rows) {
        for (const kind of ['dead', 'seen', 'state'] as const)
          for (const record of await rows.query('getAllKeys', kind))
            if (record[1] !== 'pause') rows.delete(record);
      },
    },
  ];
};
