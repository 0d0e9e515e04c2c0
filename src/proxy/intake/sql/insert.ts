/** Takes events: in one transaction of a few statements, no matter how many events there are. */
import type { Verdict } from '../../../protocol/batch.js';
import type { AdmittedEvent } from '../admitted.js';
import { DEFER_MS, MAX_USAGE_AGE_MS } from '../rules.js';
import type { Columns, Dialect, Transaction } from './driver.js';
import { allViewsDead, VIEWED_DEAD } from './give-up.js';
import type { GroupFact, Groups } from './ledger.js';
import { createLineUp, NOBODY } from './lines.js';

/** What is known before anything is written. */
type Fact =
  | GroupFact
  /** The content of an event that was taken, or that the billing system reported. */
  | { readonly fact: 'event' | 'accepted'; readonly name: string; readonly text: string }
  | { readonly fact: 'open'; readonly many: number };

/** Events that the host's own programs report have UUIDs of version 8 as ids. */
const [VERSION_AT, REPORTED] = [14, '8'];

const BOTH = {
  id: 'text',
  content: 'text',
  type: 'text',
  offer_id: 'text',
  occurred_at: 'integer',
  received_at: 'integer',
  waiting_since: 'integer',
  headers: 'text',
} as const;
const EVENT = { ...BOTH, group_name: 'text', reason: 'text' } as const;
const USAGE = { ...BOTH, expires_at: 'integer', usage: 'text' } as const;

/**
 * Whether no view of its visitor is open or came with it. Then it waits for the views of all visitors: a phone may have
 * changed its network.
 */
const IS_LONE = `CASE WHEN is_blind = 1 AND NOT EXISTS (
    SELECT 1 FROM lines JOIN events AS ahead ON ahead.line = lines.line
    WHERE lines.offer_id = new.offer_id AND lines.visitor = new.visitor
      AND ahead.type = 'viewed' AND ahead.settled_at IS NULL
  ) THEN 1 ELSE 0 END`;
const LINE = '(SELECT line FROM lines WHERE lines.offer_id = new.offer_id AND lines.visitor = new.visitor)';

const statementsOf = (dialect: Dialect, groupFacts: string) => {
  const { given, texts } = dialect;
  const names = (columns: Columns): string => Object.keys(columns).join(', ');
  return {
    // It changes nothing, and still has to be written.
    touch: 'UPDATE turns SET turn = turn WHERE one = 1',
    known: `SELECT id, content FROM events WHERE id IN ${texts('ids')}`,
    /** Asks only for what a request needs: most requests have no group, and no event that the host reports itself. */
    facts: (hasGroups: boolean, isReported: boolean) =>
      `SELECT 'event' AS fact, id AS name, content AS text, 0 AS many FROM events WHERE id IN ${texts('ids')}
       UNION ALL SELECT 'open', '', '', open FROM open_counts WHERE lane = 'events'
       ${hasGroups ? `UNION ALL SELECT fact, name, '', many FROM (${groupFacts}) AS groups` : ''}
       ${
         isReported
           ? `UNION ALL SELECT 'accepted', id, content, 0 FROM accepted WHERE id IN ${texts('reported')}`
           : ''
       }`,
    // Without `expires_at`: the offer was seen in time, and it still counts if the offer ends later.
    takeEvents: `INSERT INTO events (${names(EVENT)}, line, is_lone, state, due_at)
      SELECT ${names(EVENT)}, ${LINE}, ${IS_LONE}, 'waiting', waiting_since
      FROM ${given({ ...EVENT, visitor: 'text', is_blind: 'integer' })} AS new`,
    takeUsage: `INSERT INTO usage (${names(USAGE)}, state, due_at)
      SELECT ${names(USAGE)}, 'waiting', waiting_since FROM ${given(USAGE)} AS new WHERE true
      ON CONFLICT DO NOTHING`,
    // It cannot have closed a view that came after it in the same request.
    giveUp: `UPDATE events SET state = 'dead', code = '${VIEWED_DEAD}', settled_at = waiting_since, headers = NULL
      WHERE id IN ${texts('closed')}
        AND ${allViewsDead('events', 'events.offer_id', `AND seen.arrival < (SELECT arrival FROM events WHERE id = ?2)`)}`,
  };
};

type Known = Pick<AdmittedEvent, 'id' | 'content'>;

const textOf = (value: object | undefined): string | undefined => value && JSON.stringify(value);

const isOfGroups = (fact: Fact): fact is GroupFact => fact.fact === 'group' || fact.fact === 'groups';

const bothOf = (event: AdmittedEvent, aheadMs: number) => ({
  id: event.id,
  content: event.content,
  type: event.type,
  offer_id: event.offerId,
  occurred_at: event.occurredAt,
  received_at: event.receivedAt,
  waiting_since: event.receivedAt + aheadMs,
  headers: textOf(event.headers),
});

/** Decides the verdict of each event, and which events are new. */
const judge = (events: readonly AdmittedEvent[], facts: readonly Fact[], maxWaiting: number) => {
  const taken = new Map<string, string>();
  const reported = new Map<string, string>();
  let free = maxWaiting;
  for (const fact of facts) {
    if (fact.fact === 'event') taken.set(fact.name, fact.text);
    else if (fact.fact === 'accepted') reported.set(fact.name, fact.text);
    else if (fact.fact === 'open') free -= fact.many;
  }
  const verdicts = new Map<string, Verdict>();
  const fresh: AdmittedEvent[] = [];
  // The last places are for the views of a request: its dismissed must not be sent without them.
  let views = events.filter(({ type }) => type === 'viewed').length;
  for (const event of events) {
    const { id, content } = event;
    const isView = event.type === 'viewed';
    if (isView) views--;
    const earlier = taken.get(id) ?? reported.get(id);
    if (earlier !== undefined)
      verdicts.set(id, earlier === content ? { kind: 'duplicate' } : { kind: 'refused', code: 'conflict' });
    else if (free <= (isView ? 0 : views))
      verdicts.set(id, { kind: 'deferred', code: 'overloaded', retryAfterMs: DEFER_MS });
    else {
      free--;
      taken.set(id, content);
      fresh.push(event);
      verdicts.set(id, { kind: 'accepted' });
    }
  }
  return { verdicts, fresh };
};

/** The ids of each `dismissed` whose `viewed` may have died before: no view is ahead of it in the same request. */
const closedBlindly = (fresh: readonly AdmittedEvent[]): readonly string[] => {
  const seen = new Set<string>();
  const closed: string[] = [];
  for (const { id, type, offerId } of fresh)
    if (type === 'viewed') seen.add(offerId);
    else if (!seen.has(offerId)) closed.push(id);
  return closed;
};

export const createInsert = (
  dialect: Dialect,
  { groups, maxWaiting }: { readonly groups: Groups; readonly maxWaiting: number },
) => {
  const statements = statementsOf(dialect, groups.facts);
  const lineUp = createLineUp(dialect);

  async function takeEvents(
    tx: Transaction,
    fresh: readonly AdmittedEvent[],
    placed: readonly (string | undefined)[],
  ): Promise<void> {
    const lines = await lineUp(tx, fresh);
    const seen = new Set(lines.filter((_, at) => fresh[at]?.type === 'viewed').map(({ key }) => key));
    const rows = fresh.map((event, at) => {
      const { key, visitor } = lines[at] ?? { key: '', visitor: NOBODY };
      return {
        ...bothOf(event, tx.aheadMs),
        group_name: placed[at],
        reason: event.reason,
        visitor,
        is_blind: event.type === 'dismissed' && !seen.has(key) ? 1 : 0,
      };
    });
    await tx.ask(statements.takeEvents, JSON.stringify(rows));
  }

  async function takeUsage(tx: Transaction, fresh: readonly AdmittedEvent[]): Promise<void> {
    const rows = fresh
      .filter(({ usage }) => usage)
      .map((event) => ({
        ...bothOf(event, tx.aheadMs),
        content: '',
        expires_at: event.occurredAt + MAX_USAGE_AGE_MS + tx.aheadMs,
        usage: textOf(event.usage),
      }));
    if (rows.length) await tx.ask(statements.takeUsage, JSON.stringify(rows));
  }

  return {
    async take(tx: Transaction, events: readonly AdmittedEvent[]): Promise<ReadonlyMap<string, Verdict>> {
      if (!events.length) await tx.ask(statements.touch);
      const ids = events.map(({ id }) => id);
      const reported = ids.filter((id) => id[VERSION_AT] === REPORTED);
      const unlisted = groups.unlisted(events);
      const facts = await tx.ask<Fact>(
        statements.facts(unlisted.length > 0, reported.length > 0),
        JSON.stringify({ ids, reported, groups: unlisted }),
      );
      const { verdicts, fresh } = judge(events, facts, maxWaiting);
      if (fresh.length) {
        await takeEvents(tx, fresh, await groups.place(tx, fresh, facts.filter(isOfGroups)));
        await takeUsage(tx, fresh);
        const closed = closedBlindly(fresh);
        // There is a first one, since `fresh` is not empty.
        if (closed.length) await tx.ask(statements.giveUp, JSON.stringify({ closed }), fresh[0]?.id ?? '');
      }
      return verdicts;
    },

    /** Finds those that were taken already, with this content. */
    async knows(tx: Transaction, events: readonly Known[]): Promise<ReadonlySet<string>> {
      const asked = JSON.stringify({ ids: events.map(({ id }) => id) });
      const rows = await tx.ask<Known>(statements.known, asked);
      const contents = new Map(rows.map(({ id, content }) => [id, content]));
      return new Set(events.filter(({ id, content }) => contents.get(id) === content).map(({ id }) => id));
    },
  };
};
