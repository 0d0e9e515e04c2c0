/**
 * What delivery does to the outbox: lease, settle, release, bury, and giving up. Loads with delivery.
 */
import type { OfferEvent } from '../../../protocol/event.js';
import { MAX_RETENTION_MS } from '../../../protocol/retention.js';
import type { Runtime } from '../../../runtime.js';
import type { Mirrored, Outbox, Owner } from '../../outbox/outbox.js';
import type { RecordKey, Records, Rows } from '../../outbox/records.js';
import { createChoosing } from './choosing.js';
import { createWays, type OnDiscard } from './giving-up.js';
import { createPasses, type Leases } from './passing.js';
import { believed, isEntry } from './reading.js';
import { createRemembering, type LeasingOptions, type Remembering } from './remembering.js';

/** The part of the outbox that only delivery needs. Only `lease` waits for events to be stored. */
export interface Leasing extends Remembering, Leases {
  /** Removes entries that a verdict settled, and lets other tabs know. */
  settle(ids: readonly string[]): Promise<void>;
  /** Gives leased entries back; those that another token holds by now stay as they are. */
  release(token: string, notBefore: ReadonlyMap<string, number>): Promise<void>;
  /** Makes entries dead letters, and with a `viewed` the `dismissed` of its impression. */
  bury(codes: ReadonlyMap<string, string>): Promise<void>;
  /** Another tab had an answer for these, or gave them up. */
  onSettled(ids: readonly string[]): void;
  /** Gives up what is worth least in records that are full. */
  makeRoom(records: Records): Promise<void>;
  /** Gives up copies that are in the mirror no more, since consent was denied. */
  drop(copies: readonly Mirrored[]): void;
  /** Gives up and forgets everything that is stored: the user does not want any of it. Rejects where the database fails. */
  purge(): Promise<void>;
}

/** What the leasing side works with. */
export interface LeasingContext {
  readonly outbox: Outbox<Rows>;
  readonly runtime: Pick<Runtime, 'now'>;
  readonly owner: Owner;
  readonly options: LeasingOptions;
  readonly onDiscard: OnDiscard;
  /** Called once for each recorded event, with whether the database has it or only this page's memory. */
  readonly onRecorded?: (event: OfferEvent, isDurable: boolean) => void;
  /**
   * Called for another endpoint that has stranded entries; returns whether they belong to this one
   * by now. Without it this endpoint is another page's, and only stranded entries are leased.
   */
  readonly onStranded?: (endpoint: string) => boolean;
  /** Lets other tabs know which events are settled or given up. */
  readonly tellTabs?: (ids: readonly string[]) => void;
}

const RETENTION_MS = 72 * 3_600_000;
/** What an entry takes: its event, its impression's id, its lease. */
const ENTRY_BYTES = 400;
/** So many entries of a full storage are given up at once. */
const ROOM = 100;
/** Makes the leasing side of an outbox. */
export const createLeasing = ({
  outbox,
  runtime,
  owner,
  options: { maxEntries = 10_000, maxBytes = 4 * 2 ** 20, retentionMs = RETENTION_MS },
  onDiscard,
  onRecorded,
  onStranded,
  tellTabs,
}: LeasingContext): Leasing => {
  const { now } = runtime;
  const { mirror, lost, endpoint } = outbox;
  const cap = Math.min(maxEntries, maxBytes / ENTRY_BYTES);
  const ways = createWays(outbox, owner, now, { onDiscard, tellTabs });
  const { transact, visit, owe, giveUp } = ways;
  const [remembering, remembered] = createRemembering(outbox, now, ways);
  const refused = new Map<string, string>();
  const choose = createChoosing({
    owner,
    now,
    lifeMs: Math.min(retentionMs, MAX_RETENTION_MS),
    isOwn: (id) => mirror.has(id),
    isOurs: (there, isStranded) =>
      onStranded ? there === endpoint || (isStranded && onStranded(there)) : there === endpoint && isStranded,
    refused,
    lostBefore: lost,
  });

  const { lease, tell, startPass, chooseCopies, hold } = createPasses({
    ...{ outbox, owner, now, cap, choose, ways, remembered, onRecorded },
  });

  const done = (ids: readonly string[], isElsewhere = false): void => {
    for (const [index, id] of ids.entries()) {
      const copy = mirror.get(id);
      if (copy) {
        copy.isStored ||= isElsewhere;
        tell(true, [copy]);
        // Behind an empty id stand those that were given up, each with why.
        if (!ids[0] && copy.event.type === 'viewed')
          lost.set(copy.event.impressionId, [ids[index + 1] ?? '']);
      }
      mirror.delete(id);
    }
  };

  const drop = (copies: readonly Mirrored[]): void => {
    // Stored events are reported when they are purged.
    for (const { event, isStored } of copies) if (!isStored) giveUp(['entry', event.id], event, 'consent');
  };

  return {
    ...remembering,
    lease,
    tell,
    onSettled: (ids) => done(ids, true),

    async settle(ids) {
      done(ids);
      for (const id of ids) owe(['entry', id]);
      tellTabs?.(ids);
      await transact(async () => undefined).catch(() => undefined);
    },

    async release(token, notBefore) {
      for (const [id, at] of notBefore) hold(id, at);
      await transact((rows) =>
        // All at once: one after the other, each would wait behind a task of a busy page, and everything else behind it.
        Promise.all(
          [...notBefore].map(async ([id, at]) => {
            const key: RecordKey = ['entry', id];
            const entry = await rows.get(key);
            // What left from the mirror was stored meanwhile, without a lease.
            if (!isEntry(entry, key) || (entry.lease ?? { token }).token !== token) return;
            const { lease: _, ...rest } = entry;
            rows.put(key, { ...rest, notBeforeAt: Math.max(believed(rest.notBeforeAt, now()) || 0, at) });
          }),
        ),
      ).catch(() => undefined);
    },

    async bury(codes) {
      for (const [id, code] of codes) refused.set(id, code);
      const pass = startPass(Infinity);
      // What the database does not give up now, it gives up as soon as somebody chooses from it.
      await visit(async (_, discard, portion) => choose(portion, pass, discard)).catch(() =>
        chooseCopies(startPass(Infinity)),
      );
    },

    async makeRoom(records) {
      const give = (from: Records): Promise<void> => {
        const pass = startPass(0);
        pass.reason = 'storage-full';
        return visit(async (rows, discard, portion, isFirst) => {
          const dead = await rows.query('getAllKeys', 'dead');
          for (const key of dead) rows.delete(key);
          pass.excess = isFirst ? ROOM : 0;
          // A dead letter of something that cannot be read would need room itself.
          return (
            dead[0] || choose(portion, pass, (key, event, ...why) => event && discard(key, event, ...why))
          );
        }, from);
      };
      await give(records).catch((cause: unknown) => {
        if ((Object(cause) as Error).name !== 'QuotaExceededError') throw cause;
        // It may take what only deletes. The rest is owed.
        return give({
          transact: (work) =>
            records.transact((rows) =>
              work({ ...rows, put: (key, value) => rows.onComplete(() => owe(key, value)) }),
            ),
        });
      });
    },

    drop,

    // Even if the user grants consent meanwhile: the events in the mirror were recorded after that.
    async purge() {
      ways.isPurging = true;
      await visit(async (rows, discard, portion, isFirst) => {
        if (isFirst) await remembered.forgetUser(rows);
        for (const [key, value] of portion)
          if (mirror.has(key[1])) continue;
          else if (isEntry(value, key)) discard(key, value.event, 'consent');
          else rows.delete(key);
      }, outbox.records);
      ways.isPurging = false;
    },
  };
};
