/**
 * The product, broken on purpose: the simulator and the checker have to notice each variant. A variant is a copy of the
 * source in which one string replaces another, so that it fails loudly once the source has changed.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InvariantName } from '../history/checker.js';
import { SOURCE } from './rooms.js';
import type { Focus } from './schedule.js';

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
const FLUSHER = 'client/later/delivery/flusher.ts';
const TRANSPORT = 'client/later/delivery/transport.ts';
const BEGINNING = 'proxy/intake/sql/claim.ts';
const CHOOSING_NEXT = 'proxy/intake/sql/select-due.ts';
const FINISHING = 'proxy/intake/sql/settle.ts';
const LEADING = 'proxy/intake/sql/lease.ts';
const COUNTING = 'proxy/intake/sql/ledger.ts';
const DIRECT = 'proxy/intake/direct/direct.ts';
const DESTINATION = 'proxy/forward/offer-events.ts';
const ENCODE = 'protocol/encode.ts';

const one = (file: string, find: string, put: string): readonly Edit[] => [{ file, find, put }];

/** At least one for each invariant that a schedule can break. The others have a history by hand. */
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
    noticedBy: ['I20'],
    focus: { only: ['view', 'open', 'flush', 'dismiss', 'wait'] },
    seed: 3,
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
    name: 'events of another user go out',
    edits: one(CHOOSING, 'subject && subject !== owner.subject', 'subject && subject === null'),
    noticedBy: ['I12'],
    focus: { only: ['view', 'subject', 'network', 'flush', 'open'] },
    seed: 2,
  },
  {
    name: 'the outbox holds two',
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
    name: 'a refusal is invented where no verdict came',
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
    name: 'what a dying page gave up was never told',
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
    name: 'an entry is sent to the endpoint of the page at once',
    edits: one(LEASING, 'there === endpoint || (isStranded && onStranded(there))', "there !== ''"),
    noticedBy: ['I17'],
    focus: { only: ['view', 'open', 'newer-page', 'absent', 'flush'], setting: { endpoints: 2 } },
    seed: 6,
  },
  {
    name: 'an unknown field is sent',
    edits: one(ENCODE, '  return jsonOf({', '  return jsonOf({\n    note: (own as { note?: unknown }).note,'),
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
    name: 'an acceptance is forwarded as a view',
    edits: one(
      'proxy/authorize/reporting.ts',
      "if (type === 'accepted') {",
      "if (type === ('counted' as string)) {",
    ).concat(
      one(
        'proxy/authorize/reporting.ts',
        'const reported = { id, type, offerId, occurredAt };',
        "const reported = { id, type: type === 'accepted' ? 'viewed' : type, offerId, occurredAt };",
      ),
    ),
    noticedBy: ['I2'],
    focus: { only: ['view', 'report'] },
    seed: 2,
  },
  {
    name: 'a process without storage does not remember what it forwarded',
    edits: one(
      DIRECT,
      "remembered.set(id, { content, verdict: { kind: 'duplicate' } });",
      "if (isClosed) remembered.set(id, { content, verdict: { kind: 'duplicate' } });",
    ),
    noticedBy: ['I3', 'I6'],
    focus: { only: ['view', 'network', 'flush'], setting: { intake: 'direct' } },
    seed: 1,
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
