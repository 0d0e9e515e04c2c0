/**
 * Intake on this machine: one SQLite file, durable before it answers, remembered across restarts. Several
 * processes may share the file; one of them forwards.
 * @module offersight/proxy/sqlite
 */
import type { Verdict } from '../../../protocol/batch.js';
import { checkOptionNames } from '../../option-names.js';
import type { AdmittedEvent, Intake } from '../intake.js';
import {
  BOUND_NAMES,
  DEFER_MS,
  type IntakeBounds,
  MAX_USAGE_AGE_MS,
  resolveBounds,
  USAGE_RULES,
} from '../rules.js';
import { claimFile, openFile } from './sqlite-file.js';
import { createLane } from './sqlite-lane.js';
import { createLedger } from './sqlite-ledger.js';

/** Options of {@link sqliteIntake}. */
export interface SqliteIntakeOptions extends IntakeBounds {
  /** Path of the database file; its folder must exist. */
  readonly file: string;
}

/**
 * Opens an intake in a file, creating it if need be.
 * @throws {OffersightError} `configuration` if an option is wrong or the file cannot be opened.
 */
export const sqliteIntake = (options: SqliteIntakeOptions): Intake => {
  checkOptionNames('sqliteIntake', options, { ...BOUND_NAMES, file: true });
  const { file, ...given } = options;
  const { maxWaiting, maxGroups, newGroupsADay, ledgerDays, ...rules } = resolveBounds(given);
  const database = openFile(file);
  const ledger = createLedger(database, { maxGroups, newGroupsADay, ledgerDays });
  const prepare = (sql: string) => database.prepare(sql);
  const { lane, giveUpWithViewed, giveUp } = createLane(database, 'events', { ...rules, isOrdered: true });
  const { lane: usage } = createLane(database, 'usage', USAGE_RULES);

  const known = prepare('SELECT content FROM events WHERE id = ?');
  const insert = (table: string, own: string) =>
    prepare(
      `INSERT OR IGNORE INTO ${table}
         (id, content, type, offer_id, state, occurred_at, expires_at, received_at, due_at, waiting_since, ${own})
       VALUES (?1, ?2, ?3, ?4, 'waiting', ?5, ?6, ?7, ?7, ?7, ?8, ?9, ?10)`,
    );
  const insertEvent = insert('events', 'headers, group_name, reason');
  const insertUsage = insert('usage', 'headers, code, usage');
  const open = prepare(`SELECT open FROM tally WHERE lane = 'events'`);
  // Beside the notes of lanes, none of which has this name.
  const endSessions = prepare(
    `INSERT INTO notes (lane, note) VALUES ('sessions', 1)
       ON CONFLICT (lane) DO UPDATE SET note = CAST(note AS INTEGER) + 1`,
  );
  const sessionsEnded = prepare(`SELECT CAST(note AS INTEGER) AS times FROM notes WHERE lane = 'sessions'`);

  const json = (value: object | undefined): string | null => (value ? JSON.stringify(value) : null);

  const takeOne = (event: AdmittedEvent): Verdict => {
    const earlier = (known.get(event.id) as { content: string } | undefined) ?? ledger.acceptedAs(event.id);
    if (earlier) {
      return earlier.content === event.content
        ? { kind: 'duplicate' }
        : { kind: 'refused', code: 'conflict' };
    }
    const { id, content, type, offerId, occurredAt, receivedAt, headers, usage, reason } = event;
    insertEvent.run(
      id,
      content,
      type,
      offerId,
      occurredAt,
      // It was seen in time: that its offer ends later takes nothing back.
      null,
      receivedAt,
      json(headers),
      ledger.placeOf(event) ?? null,
      reason ?? null,
    );
    if (usage) {
      const endsAt = occurredAt + MAX_USAGE_AGE_MS;
      insertUsage.run(id, '', type, offerId, occurredAt, endsAt, receivedAt, null, null, json(usage));
    }
    return { kind: 'accepted' };
  };

  return {
    ...lane,
    usage,

    accept: ledger.accept,
    ledger: ledger.ledger,

    claim(site, bookkeeping = {}) {
      claimFile(database, site);
      ledger.bookkeeping = bookkeeping;
    },

    async begin(options) {
      const begun = await lane.begin(options);
      ledger.forget(options.now - (options.graceMs ?? 0));
      return begun;
    },

    async take(events) {
      const verdicts = new Map<string, Verdict>();
      database
        .transaction(() => {
          /** Asked once for each offer: a stranger may send many events of one. */
          const areViewsDead = new Map<string, boolean>();
          /** Its `viewed` may have died before it came. */
          const judgeDismissed = ({ id, offerId, receivedAt }: AdmittedEvent): void => {
            const isDead = areViewsDead.get(offerId);
            if (isDead) giveUp(id, receivedAt);
            if (isDead === undefined) areViewsDead.set(offerId, giveUpWithViewed(offerId, receivedAt));
          };
          let free = maxWaiting - (open.get() as { open: number }).open;
          for (const event of events) {
            const isFull = free <= 0 && !known.get(event.id);
            const verdict: Verdict = isFull
              ? { kind: 'deferred', code: 'overloaded', retryAfterMs: DEFER_MS }
              : takeOne(event);
            if (verdict.kind === 'accepted') {
              free--;
              if (event.type === 'dismissed') judgeDismissed(event);
              else areViewsDead.set(event.offerId, false);
            }
            verdicts.set(event.id, verdict);
          }
        })
        .immediate();
      ledger.tell();
      return verdicts;
    },

    async endSessions() {
      endSessions.run();
    },

    sessionsEnded: async () => (sessionsEnded.get() as { times: number } | undefined)?.times ?? 0,

    knows: async (events) =>
      new Set(
        events
          .filter(
            ({ id, content }) => (known.get(id) as { content: string } | undefined)?.content === content,
          )
          .map(({ id }) => id),
      ),

    async close() {
      database.close();
    },
  };
};
