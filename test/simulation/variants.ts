/**
 * The product, broken on purpose: the simulator and the checker have to notice each variant. A variant is a copy of the
 * source in which one string replaces another, so that it fails loudly once the source has changed.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DiscardReason } from '../../src/client/later/outbox/giving-up.js';
import type { InvariantName } from '../history/checker.js';
import { SOURCE } from './rooms.js';
import type { Focus } from './schedule.js';

/** The reasons for which the checker accepts that an event is lost. */
export type Excuse =
  | 'ambiguous'
  | 'before-commit'
  | 'copy'
  | 'declined'
  | 'died-with-page'
  | 'given-up'
  | 'other-process'
  | 'unreported'
  | 'wiped';

/** A string that a file has exactly once, and its replacement. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

/** One way to break the delivery promise. */
export interface Variant {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The reason for a loss that this variant claims wrongly. */
  readonly abuses?: DiscardReason | Excuse;
  /** One of them has to notice. */
  readonly noticedBy: readonly InvariantName[];
  /** What has to coincide, so that a few schedules are enough instead of thousands. @default anything */
  readonly focus?: Focus;
  /** The seed of a campaign whose first schedules show it, and soon: a schedule takes from 0.1 to 20 s. */
  readonly seed: number;
}

const LEASING = 'client/later/outbox/leasing.ts';
const CHOOSING = 'client/later/outbox/choosing.ts';
const GIVING_UP = 'client/later/outbox/giving-up.ts';
const OUTBOX = 'client/outbox/outbox.ts';
const PASSING = 'client/later/outbox/passing.ts';
const READING = 'client/later/outbox/reading.ts';
const FLUSHER = 'client/later/delivery/flusher.ts';
const TRANSPORT = 'client/later/delivery/transport.ts';
const BEGINNING = 'proxy/intake/sql/claim.ts';
const CHOOSING_NEXT = 'proxy/intake/sql/select-due.ts';
const GIVING_UP_ALONG = 'proxy/intake/sql/give-up.ts';
const FINISHING = 'proxy/intake/sql/settle.ts';
const LEADING = 'proxy/intake/sql/lease.ts';
const COUNTING = 'proxy/intake/sql/counting.ts';
const LEDGER = 'proxy/intake/sql/ledger.ts';
const DIRECT = 'proxy/intake/direct/direct.ts';
const DESTINATION = 'proxy/forward/offer-events.ts';
const ENCODE = 'protocol/encode.ts';

const one = (file: string, find: string, put: string): readonly Edit[] => [{ file, find, put }];

/** All of them. */
export const VARIANTS: readonly Variant[] = [
  {
    name: 'delete before send',
    edits: one(
      FLUSHER,
      '      const attempt = await transport(',
      '      await leasing.settle(entries.map(({ event }) => event.id));\n      const attempt = await transport(',
    ),
    noticedBy: ['I1', 'I4'],
    seed: 3,
  },
  {
    name: 'any 200 is an answer',
    edits: one(
      TRANSPORT,
      'return attemptOf(response, await response.text());',
      `const text = await response.text();
      const sent = JSON.parse(body) as { events: { id: string }[] };
      return response.status === 200
        ? { kind: 'answered', verdicts: new Map(sent.events.map(({ id }) => [id, { kind: 'accepted' }])) }
        : attemptOf(response, text);`,
    ),
    noticedBy: ['I1', 'I4'],
    focus: { only: ['view', 'network', 'flush'] },
    seed: 2,
  },
  {
    name: 'a lease shorter than its request',
    edits: one(READING, 'LEASE_MS = 15_000;', 'LEASE_MS = 5_000;').concat(
      one(PASSING, 'ATTEMPT_MS = 12_000;', 'ATTEMPT_MS = 0;'),
    ),
    noticedBy: ['I7'],
    seed: 53,
  },
  {
    name: 'a release that writes without reading',
    edits: one(
      LEASING,
      'if (!isEntry(entry, key) || (entry.lease ?? { token }).token !== token) return;',
      `const event = outbox.mirror.get(id)?.event;
            if (entry === undefined && event) rows.put(key, { v: 1, event, endpoint, notBeforeAt: at });
            if (!isEntry(entry, key) || (entry.lease ?? { token }).token !== token) return;`,
    ),
    noticedBy: ['I13'],
    focus: { only: ['view', 'wipe', 'network', 'flush'] },
    seed: 50,
  },
  {
    name: 'bodies of failed replies are not read',
    edits: one(
      TRANSPORT,
      'attemptOf(response, await response.text())',
      "attemptOf(response, response.status === 200 ? await response.text() : '')",
    ),
    noticedBy: ['I8', 'I7'],
    seed: 5,
  },
  {
    name: 'forwarding is not written before the call',
    edits: one(BEGINNING, "SET state = 'forwarding', due_at", "SET state = 'waiting', due_at"),
    noticedBy: ['I9'],
    focus: { only: ['view', 'crash-proxy', 'start-proxy', 'flush'] },
    seed: 7,
  },
  {
    name: 'accepted before the intake has it',
    edits: one(
      'proxy/handler.ts',
      'for (const [id, verdict] of await forwarding.take(admitted)) verdicts.set(id, verdict);',
      `for (const { id } of admitted) verdicts.set(id, { kind: 'accepted' });
      forwarding.take(admitted).catch(() => undefined);`,
    ),
    noticedBy: ['I1', 'I15'],
    focus: { only: ['view', 'intake', 'crash-proxy', 'start-proxy', 'flush'] },
    seed: 8,
  },
  {
    name: 'another key for every attempt',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the source's own text.
    edits: one(DESTINATION, '`oe1-${id}`', '`oe1-${id}-${runtime.random()}`').concat(
      one(
        DESTINATION,
        "runtime: Pick<Runtime, 'after' | 'fetch'>",
        "runtime: Pick<Runtime, 'after' | 'fetch' | 'random'>",
      ),
    ),
    noticedBy: ['I5'],
    seed: 3,
  },
  {
    name: 'Retry-After is ignored',
    edits: one(
      TRANSPORT,
      "parseRetryAfter(headers.get('retry-after'), headers.get('date'))",
      "0 * parseRetryAfter(headers.get('x'), null)",
    ),
    noticedBy: ['I7'],
    seed: 6,
  },
  {
    name: 'the outbox as one array',
    edits: one(
      LEASING,
      '      await transact(async () => undefined).catch(() => undefined);',
      `      const gone = new Set(ids);
      const all = await outbox.records.transact((rows) => list(rows, 'entry'));
      await outbox.records.transact((rows) => rows.get(['state', 'pause', endpoint]));
      await transact(async (rows) => {
        for (const key of await rows.query('getAllKeys', 'entry')) rows.delete(key);
        for (const [key, value] of all) if (!gone.has(key[1] ?? '')) rows.put(key, value as object);
      });`,
    ).concat(
      one(
        LEASING,
        "import { believed, isEntry } from './reading.js';",
        "import { believed, isEntry, list } from './reading.js';",
      ),
    ),
    noticedBy: ['I1', 'I4', 'I13'],
    focus: { only: ['view', 'open', 'flush', 'dismiss', 'wait'] },
    seed: 1,
  },
  {
    name: 'what is on its way is evicted first',
    edits: one(
      CHOOSING,
      "if (why && (why[0] === 'refused' || reserved <= now)) {",
      "if (why && (why[0] === 'refused' || reserved <= now || pass.excess > 0)) {",
    ),
    noticedBy: ['I4'],
    focus: {
      only: ['view', 'network', 'flush', 'open'],
      setting: { maxEntries: 2, tabs: 3 },
    },
    seed: 10,
  },
  {
    name: 'what is on its way expires',
    edits: one(
      CHOOSING,
      "if (why && (why[0] === 'refused' || reserved <= now)) {",
      "if (why && (['refused', 'expired'].includes(why[0]) || reserved <= now)) {",
    ).concat(one(CHOOSING, 'isOurs(endpoint, false) ? lifeMs :', 'isOurs(endpoint, false) ? 1_000 :')),
    noticedBy: ['I4'],
    focus: { only: ['view', 'network', 'flush'], setting: { tabs: 3 } },
    seed: 2,
  },
  {
    name: 'dismissed before viewed',
    edits: one(
      CHOOSING_NEXT,
      "[headOf('viewed'), headOf('dismissed')]",
      "[headOf('dismissed'), headOf('viewed')]",
    ),
    noticedBy: ['I14'],
    focus: { only: ['view', 'dismiss', 'upstream', 'flush'] },
    seed: 2,
  },
  {
    name: 'leases of others are taken',
    edits: one(READING, 'lease ? believed(lease.until, now, LONGEST_LEASE_MS) : 0;', 'lease ? 0 * now : 0;'),
    noticedBy: ['I7'],
    seed: 4,
  },
  {
    name: 'an open circuit deletes',
    edits: one(
      FLUSHER,
      '      await Promise.all([wait(attempt.kind, attempt.retryAfterMs, attempt.cause), giveBack(0)]);',
      `      if (attempt.kind === 'circuit') await leasing.settle(batch.map(({ event }) => event.id));
      await Promise.all([wait(attempt.kind, attempt.retryAfterMs, attempt.cause), giveBack(0)]);`,
    ),
    noticedBy: ['I1', 'I4'],
    seed: 13,
  },
  {
    name: 'the farewell removes what it says',
    edits: one(
      'client/later/farewell.ts',
      'for (const { id } of events) said.add(id);',
      `for (const { id } of events) said.add(id);
    void outbox.records.transact(async (rows) => {
      for (const { id } of events) rows.delete(['entry', id]);
    });`,
    ),
    noticedBy: ['I1', 'I4'],
    seed: 14,
  },
  {
    name: 'durable before the commit',
    edits: one(
      OUTBOX,
      'await outbox.records.transact((rows) => write(rows, copies));',
      'void outbox.records.transact((rows) => write(rows, copies));',
    ),
    noticedBy: ['I1', 'I15'],
    focus: { only: ['view', 'crash-tab', 'open', 'flush'] },
    seed: 3,
  },
  {
    name: 'a verdict of another id counts',
    edits: one(
      'client/later/outbox/verdicts.ts',
      'const verdict = verdicts.get(id);',
      'const verdict = verdicts.get(id) ?? [...verdicts.values()][0];',
    ),
    noticedBy: ['I1', 'I4'],
    focus: { only: ['view', 'network', 'flush'] },
    seed: 5,
  },
  {
    name: 'forwarding without leading',
    edits: one(
      LEADING,
      'return isFresh === true && held.token !== token && !isOver(held);',
      'void isFresh; return false;',
    ),
    noticedBy: ['I3', 'I6'],
    focus: {
      only: ['view', 'crash-proxy', 'start-proxy', 'upstream', 'upstream-regime', 'wait'],
      setting: { proxies: 2 },
    },
    seed: 6,
  },
  {
    name: 'a page in place of the upstream is an answer',
    edits: one(
      DESTINATION,
      'if ((status < 500 && !isApi) || (status >= 300 && status < 400))',
      'if (status >= 300 && status < 400)',
    ).concat(one(DESTINATION, 'if (!isApi) return', 'if (!isApi && status >= 400) return')),
    noticedBy: ['I1'],
    focus: { only: ['view', 'upstream', 'upstream-regime', 'flush'] },
    seed: 4,
  },
  {
    name: 'ambiguous attempts are not marked',
    edits: one(
      FINISHING,
      "state: 'forwarding', due_at: result.dueAt, unsure: 1",
      "state: 'forwarding', due_at: result.dueAt, unsure: 0",
    ),
    noticedBy: ['I3'],
    focus: { only: ['view', 'upstream', 'upstream-regime'], setting: { keys: 'ignores' } },
    seed: 2,
  },
  {
    name: 'nobody waits for a pause',
    edits: one(CHOOSING, 'believed(notBeforeAt, now), pass.pausedUntil)', 'believed(notBeforeAt, now))'),
    noticedBy: ['I7'],
    seed: 1,
  },
  {
    name: 'nobody is told of what is given up',
    edits: one(
      GIVING_UP,
      '          mirror.delete(key[1]);\n          onDiscard(event, reason, code);',
      '          mirror.delete(key[1]);\n          void code;',
    ),
    noticedBy: ['I4', 'I15'],
    seed: 13,
  },
  {
    name: 'events of another user go out',
    edits: one(CHOOSING, 'subject && subject !== owner.subject', 'subject && subject === null'),
    noticedBy: ['I12'],
    focus: { only: ['view', 'subject', 'network', 'flush', 'open'] },
    seed: 2,
  },
  {
    name: 'all that is older than 20 s is expired',
    abuses: 'expired',
    edits: one(
      CHOOSING,
      'isOurs(endpoint, false) ? lifeMs :',
      'isOurs(endpoint, false) ? Math.min(lifeMs, 20_000) :',
    ),
    noticedBy: ['I16'],
    focus: { only: ['view', 'network', 'upstream-regime', 'offline', 'wait'] },
    seed: 3,
  },
  {
    name: 'the outbox holds two',
    abuses: 'outbox-full',
    edits: one(
      LEASING,
      'const cap = Math.min(maxEntries, maxBytes / ENTRY_BYTES);',
      'const cap = Math.min(2, maxEntries, maxBytes / ENTRY_BYTES);',
    ),
    noticedBy: ['I16'],
    focus: { only: ['view', 'network', 'wait', 'flush'] },
    seed: 3,
  },
  {
    name: 'events are evicted at each reconnection',
    abuses: 'storage-full',
    edits: one(
      FLUSHER,
      '      // What does not shorten it is not written',
      '      await leasing.makeRoom(outbox.records);\n      // What does not shorten it is not written',
    ).concat(
      one(
        FLUSHER,
        "readonly outbox: Pick<Outbox, 'pause' | 'endpoint'>;",
        "readonly outbox: Pick<Outbox<Rows>, 'pause' | 'endpoint' | 'records'>;",
      ),
    ),
    noticedBy: ['I16'],
    focus: { only: ['view', 'network', 'offline', 'online', 'wait'] },
    seed: 3,
  },
  {
    name: 'storage-full is said of an outbox that is full',
    abuses: 'storage-full',
    edits: one(PASSING, "reason: 'outbox-full'", "reason: 'storage-full'"),
    noticedBy: ['I16'],
    focus: { only: ['view', 'network', 'flush'], setting: { maxEntries: 2 } },
    seed: 3,
  },
  {
    name: 'outbox-full is said of a full storage',
    abuses: 'outbox-full',
    edits: one(LEASING, "pass.reason = 'storage-full';", "pass.reason = 'outbox-full';"),
    noticedBy: ['I16'],
    focus: { only: ['view', 'network', 'disk', 'offline'], setting: { maxEntries: 10_000 } },
    seed: 32,
  },
  {
    name: 'consent is said though nobody denied it',
    abuses: 'consent',
    edits: one(
      CHOOSING,
      'discard(key, event, why[0] as DiscardReason, why[1]);',
      "discard(key, event, why[0] === 'outbox-full' ? 'consent' : (why[0] as DiscardReason), why[1]);",
    ),
    noticedBy: ['I16'],
    focus: { only: ['view', 'network', 'flush'], setting: { maxEntries: 2 } },
    seed: 3,
  },
  {
    name: 'a refusal is invented where no verdict came',
    abuses: 'refused',
    edits: one(
      'client/later/outbox/verdicts.ts',
      "if (!verdict) notBefore.set(id, 0);\n    else if (verdict.kind === 'deferred')",
      "if (!verdict) refused.set(id, 'deferred');\n    else if (verdict.kind === 'deferred')",
    ),
    noticedBy: ['I16', 'I4'],
    focus: { only: ['view', 'network', 'flush'] },
    seed: 2,
  },
  {
    name: 'what failed to be stored once is never stored',
    abuses: 'died-with-page',
    edits: one(
      OUTBOX,
      '!isStored && !writing.has(event.offerId)',
      '!isStored && !writing.has(event.id)',
    ).concat(one(OUTBOX, 'writing.add(event.offerId)', 'writing.add(event.id)')),
    noticedBy: ['I1', 'I15'],
    focus: { only: ['view', 'disk', 'crash-tab', 'open', 'offline', 'wait'] },
    seed: 21,
  },
  {
    name: 'what is evicted is called expired',
    abuses: 'expired',
    edits: one(CHOOSING, 'pass.excess > 0 && [pass.reason]', "pass.excess > 0 && ['expired']"),
    noticedBy: ['I16'],
    focus: { only: ['view', 'network', 'flush'], setting: { maxEntries: 2 } },
    seed: 3,
  },
  {
    name: 'a dismissal goes without its view, which was given up before',
    edits: one(CHOOSING, '            lostBefore.get(impressionId) ??\n', '').concat(
      one(PASSING, 'if (loss) lost.set(impressionId, loss);', ''),
    ),
    noticedBy: ['I14'],
    focus: { only: ['view', 'dismiss', 'offline', 'online', 'flush'], setting: { maxEntries: 6 } },
    seed: 1,
  },
  {
    name: 'events are written five seconds late',
    abuses: 'before-commit',
    edits: one(
      OUTBOX,
      '!isStored && !writing.has(event.offerId)',
      '!isStored && !writing.has(event.offerId) && event.occurredAt + 5_000 <= runtime.now()',
    ),
    noticedBy: ['I1', 'I15'],
    focus: { only: ['view', 'crash-tab', 'open', 'flush', 'wait'] },
    seed: 3,
  },
  {
    name: 'what counts once is always known',
    abuses: 'declined',
    edits: one(OUTBOX, 'if (isKnown) {', 'if (isOnce) {'),
    noticedBy: ['I16'],
    focus: { only: ['view', 'flush', 'wait'] },
    seed: 3,
  },
  {
    name: 'what is stored is stored again after its verdict',
    abuses: 'copy',
    edits: one(OUTBOX, 'if (copy.isStored || !mirror.has(id)) continue;', '').concat(
      one(
        OUTBOX,
        '          copy.isStored = mirror.has(copy.event.id);',
        'for (const copy of copies) mirror.set(copy.event.id, { ...copy });',
      ),
    ),
    noticedBy: ['I13', 'I9'],
    focus: { only: ['view', 'flush', 'wait'], size: 12 },
    seed: 1,
  },
  {
    name: 'a dismissal from memory does not wait for its view',
    abuses: 'given-up',
    edits: one(CHOOSING, 'dueAt > now || heldOffers.has(offerId)', 'dueAt > now').concat(
      one(
        CHOOSING_NEXT,
        "[headOf('viewed'), headOf('dismissed')]",
        "[headOf('dismissed'), headOf('viewed')]",
      ),
    ),
    noticedBy: ['I14'],
    focus: { only: ['view', 'dismiss', 'network', 'upstream', 'flush'] },
    seed: 6,
  },
  {
    name: 'what a dying page gave up was never told',
    abuses: 'unreported',
    edits: one(
      GIVING_UP,
      '          mirror.delete(key[1]);\n          onDiscard(event, reason, code);',
      '          mirror.delete(key[1]);\n          setTimeout(() => onDiscard(event, reason, code), 1e6);',
    ),
    noticedBy: ['I4', 'I15'],
    focus: { only: ['view', 'network', 'flush', 'open', 'close'], lifeMs: 1_000 },
    seed: 3,
  },
  {
    name: 'a wiped database stops the page',
    abuses: 'wiped',
    edits: one(
      OUTBOX,
      "      if (owner.consent !== 'granted' || !copies.length) return;",
      "      if (!copies.length || outbox.pause.kind === 'back-off') return;",
    ),
    noticedBy: ['I1', 'I15'],
    focus: { only: ['view', 'wipe', 'network', 'crash-tab', 'open', 'wait'] },
    seed: 9,
  },
  {
    name: 'time-outs lead to another page for the events of an endpoint',
    abuses: 'ambiguous',
    edits: one(BEGINNING, "SET state = 'forwarding', due_at = ", "SET state = 'forwarding', due_at = 0 * "),
    noticedBy: ['I3', 'I6'],
    focus: { only: ['view', 'upstream', 'upstream-regime', 'flush'], setting: { keys: 'ignores' } },
    seed: 2,
  },
  {
    name: 'an entry is sent to the endpoint of the page at once',
    edits: one(LEASING, 'there === endpoint || (isStranded && onStranded(there))', "there !== ''"),
    noticedBy: ['I17'],
    focus: { only: ['view', 'open', 'newer-page', 'absent', 'flush'], setting: { endpoints: 2 } },
    seed: 6,
  },
  {
    name: 'an endpoint is given up when it is found absent for the first time',
    edits: one('client/later/delivering.ts', 'ABSENT_MS = 3_600_000;', 'ABSENT_MS = 0;'),
    noticedBy: ['I17'],
    focus: { only: ['view', 'open', 'absent', 'flush', 'wait'], setting: { endpoints: 2 } },
    seed: 21,
  },
  {
    name: 'another endpoint is brought at once what waits for it',
    edits: one(CHOOSING, 'STRANDED_MS = 24 * 3_600_000;', 'STRANDED_MS = 0;'),
    noticedBy: ['I17'],
    focus: { only: ['view', 'open', 'network', 'flush', 'wait'], setting: { endpoints: 2 } },
    seed: 3,
  },
  {
    name: 'an unknown field is sent',
    edits: one(ENCODE, '  return jsonOf({', '  return jsonOf({\n    note: (own as { note?: unknown }).note,'),
    noticedBy: ['I18'],
    focus: { only: ['view', 'newer-page', 'flush'] },
    seed: 3,
  },
  {
    name: 'an unknown field is dropped when its event is leased',
    edits: one(
      CHOOSING,
      'pass.taken.push({\n          ...value,',
      'pass.taken.push({\n          ...{ v: 1, event, endpoint, notBeforeAt },',
    ),
    noticedBy: ['I18'],
    focus: { only: ['view', 'newer-page', 'flush'] },
    seed: 3,
  },
  {
    name: 'what a later version wrote for itself is unreadable',
    edits: one(READING, "?.v) > 1)) return 'unreadable';", "?.v) > 2)) return 'unreadable';"),
    noticedBy: ['I18'],
    focus: { only: ['view', 'newer-page', 'flush'] },
    seed: 3,
  },
  {
    name: 'the ledger misses what was delivered',
    edits: one(
      COUNTING,
      'OLD.settled_at IS DISTINCT FROM NEW.settled_at OR OLD.code IS DISTINCT FROM NEW.code',
      'OLD.code IS DISTINCT FROM NEW.code',
    ),
    noticedBy: ['I19'],
    focus: { only: ['view', 'flush'] },
    seed: 2,
  },
  {
    name: 'the ledger counts a duplicate again',
    edits: one(
      'proxy/intake/sql/insert.ts',
      'const { verdicts, fresh } = judge(events, facts, maxWaiting);',
      `const { verdicts, fresh } = judge(events, facts, maxWaiting);
      for (const { kind } of verdicts.values())
        if (kind === 'duplicate') yield* ask('UPDATE ledger SET taken = taken + 1');`,
    ),
    noticedBy: ['I19'],
    focus: { only: ['view', 'network', 'flush'] },
    seed: 6,
  },
  {
    name: 'the ledger counts an acceptance at each report',
    edits: one(
      LEDGER,
      'if (known === undefined) {',
      'if (known === undefined || known === content) {',
    ).concat(
      one(
        LEDGER,
        "day: 'integer' })} AS new`,\n  count:",
        "day: 'integer' })} AS new WHERE true ON CONFLICT DO NOTHING`,\n  count:",
      ),
    ),
    noticedBy: ['I19'],
    focus: { only: ['view', 'report'] },
    seed: 2,
  },
  {
    name: 'the ledger has days of another time zone',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the source's own text.
    edits: one(COUNTING, '(${row}received_at / ', '((${row}received_at - 3600000) / '),
    noticedBy: ['I19'],
    focus: { only: ['view', 'flush'] },
    seed: 2,
  },
  {
    name: 'the ledger counts what was closed under no group',
    edits: one(
      COUNTING,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the source's own text.
      '`${row}group_name`',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the source's own text.
      "`CASE ${row}type WHEN 'viewed' THEN ${row}group_name END`",
    ),
    noticedBy: ['I19'],
    focus: { only: ['view', 'dismiss', 'flush'] },
    seed: 2,
  },
  {
    name: 'a page never says the group, nor how an offer was closed',
    edits: one(ENCODE, '    group,\n    reason,\n    may_be_known', '    may_be_known'),
    noticedBy: ['I19'],
    focus: { only: ['view', 'dismiss', 'flush'] },
    seed: 3,
  },
  {
    name: 'an acceptance is forwarded as a view',
    edits: one(
      'proxy/judging/reporting.ts',
      "if (type === 'accepted') return {",
      "if (type === ('counted' as string)) return {",
    ).concat(
      one(
        'proxy/judging/reporting.ts',
        'const reported = { id, type, offerId, occurredAt };',
        "const reported = { id, type: type === 'accepted' ? 'viewed' : type, offerId, occurredAt };",
      ),
    ),
    noticedBy: ['I19'],
    focus: { only: ['view', 'report'] },
    seed: 2,
  },
  {
    name: 'a process without storage does not remember what it forwarded',
    abuses: 'other-process',
    edits: one(
      DIRECT,
      "remembered.set(id, { content, verdict: { kind: 'duplicate' } });",
      "if (isClosed) remembered.set(id, { content, verdict: { kind: 'duplicate' } });",
    ),
    noticedBy: ['I3', 'I6'],
    focus: { only: ['view', 'network', 'flush'], setting: { intake: 'direct' } },
    seed: 1,
  },
  {
    name: 'an intake gives up what has waited for a second',
    abuses: 'given-up',
    edits: one(BEGINNING, 'delayedSince: past - maxDelayMs', 'delayedSince: past - 1_000'),
    noticedBy: ['I19'],
    focus: { only: ['view', 'upstream', 'upstream-regime', 'flush'] },
    seed: 2,
  },
  {
    name: 'an intake gives up a dismissal whose view is not dead',
    abuses: 'given-up',
    edits: one(GIVING_UP_ALONG, "AND seen.state = 'dead')", "AND seen.state <> 'forwarding')").concat(
      one(GIVING_UP_ALONG, "IN ('waiting', 'forwarding', 'done')", "= 'forwarding'"),
    ),
    noticedBy: ['I19'],
    focus: { only: ['view', 'dismiss', 'flush', 'wait'] },
    seed: 2,
  },
];

const FOLDER = fileURLToPath(new URL('../../test-results/variants', import.meta.url));

/**
 * The files that a variant alters, as they read in it.
 * @throws {Error} If a string is not there exactly once: then the variant has to follow the source.
 */
const alteredFiles = ({ name, edits }: Variant): ReadonlyMap<string, string> => {
  const files = new Map<string, string>();
  for (const { file, find, put } of edits) {
    const parts = (files.get(file) ?? readFileSync(join(SOURCE, file), 'utf8')).split(find);
    if (parts.length !== 2) throw new Error(`${name}: found ${parts.length - 1} times in ${file}: ${find}`);
    files.set(file, parts.join(put));
  }
  return files;
};

/**
 * Writes a variant's source.
 * @returns Its folder, to load the rooms from.
 * @throws {Error} As {@link alteredFiles}.
 */
export const writeVariant = (variant: Variant): string => {
  const altered = alteredFiles(variant);
  const folder = join(FOLDER, variant.name.replaceAll(' ', '-').toLowerCase());
  rmSync(folder, { recursive: true, force: true });
  cpSync(SOURCE, folder, { recursive: true });
  for (const [file, text] of altered) writeFileSync(join(folder, file), text);
  return folder;
};
