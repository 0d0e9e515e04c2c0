/** What the host's own code reports: an opened mail, a native app's view, an offer closed on a page of another make. */
import { OffersightError } from '../../errors.js';
import type { Verdict } from '../../protocol/batch.js';
import { isOfferId } from '../../protocol/event.js';
import { isGroup } from '../../protocol/group.js';
import { isSubject } from '../../protocol/subject.js';
import type { Runtime } from '../../runtime.js';
import { type Alert, remedyOf } from '../alerts/alert.js';
import type { AdmittedEvent, UsageFields } from '../intake/admitted.js';
import type { Taking } from '../intake/direct/direct.js';
import type { Intake } from '../intake/intake.js';
import { type AcceptedEvent, listedAs } from '../intake/ledger.js';
import { HOOK_MS, inTime } from '../patience.js';
import type { Caller, EventFault, ReportedEvent, ReportResult, ServerEvent } from '../reported.js';
import type { UsageHooks } from '../resolving.js';
import { additionsOf, isBusinessEntityId, usageOf } from './hooks.js';
import { keyOf, signed } from './mac.js';

interface ReportingContext {
  /** Part of every id, so that sites that share a name of an event do not share the event. */
  readonly site: string;
  readonly usage: UsageHooks | undefined;
  readonly groups?: ReadonlySet<string> | undefined;
  readonly take: Taking['take'];
  /** Counts what the billing system reported; undefined if nothing remembers it. */
  readonly accept: Intake['accept'] | undefined;
  /** The secret that names are hashed with, so that nobody who sees an id can try out which name it stands for. */
  readonly nameKey: () => Promise<string>;
  readonly alert: Alert;
  /** Called with the verdicts and the type of each event, for metrics. */
  readonly observe: (
    verdicts: ReadonlyMap<string, Verdict>,
    typeOf: (id: string) => ServerEvent['type'],
  ) => void;
  readonly runtime: Pick<Runtime, 'now' | 'after'>;
}

const MAX_NAME_LENGTH = 200;
/** In 2001. What is earlier was given in seconds. */
const EARLIEST = 1e12;

/** Lines of a file have other numbers and other names, so the error also has its parts. */
const fault = (
  at: number,
  what: string,
  code: 'configuration' | 'refused' = 'configuration',
): OffersightError & EventFault =>
  Object.assign(new OffersightError(code, `Event ${at + 1} of the report: ${what}`), { at, what });

/** What each field may be, and how a fault says that. Hosts without types may give anything. */
const FIELDS: {
  readonly [Name in keyof Required<ServerEvent>]: readonly [
    isRight: (given: unknown, now: number) => boolean,
    what: string,
  ];
} = {
  name: [
    (name) => typeof name === 'string' && name !== '' && name.length <= MAX_NAME_LENGTH,
    `give it a name of 1 to ${MAX_NAME_LENGTH} characters, which no other event has.`,
  ],
  type: [
    (type) => type === 'viewed' || type === 'dismissed' || type === 'accepted',
    "its type is viewed, dismissed or accepted; fulfilled is the billing system's own.",
  ],
  offerId: [isOfferId, 'its offerId has 1 to 50 characters of A–Z a–z 0–9 _ . : ~ -.'],
  occurredAt: [
    (at, now) => at === undefined || (Number.isInteger(at) && Number(at) > EARLIEST && Number(at) <= now),
    'its occurredAt is in epoch milliseconds, and not in the future.',
  ],
  subject: [
    (subject) => subject === undefined || isSubject(subject),
    'its subject has 1 to 128 characters of A–Z a–z 0–9 _ . : ~ -.',
  ],
  group: [
    (group) => group === undefined || isGroup(group),
    'its group has 1 to 50 characters of A–Z a–z 0–9 _ . : / ~ -, the first a letter or a digit.',
  ],
  caller: [
    (caller) => {
      const id = (caller as Caller | null | undefined)?.businessEntityId;
      return !id || isBusinessEntityId(id);
    },
    'its caller.businessEntityId has 1 to 50 printable characters of ASCII.',
  ],
};

/** @throws {OffersightError} `configuration`, which says what to give instead. */
const checkReported = (event: unknown, at: number, now: number): void => {
  if (typeof event !== 'object' || event === null) throw fault(at, 'it is no object.');
  const unknown = Object.keys(event).find((name) => !Object.hasOwn(FIELDS, name));
  const names = Object.keys(FIELDS).join(', ');
  if (unknown !== undefined)
    throw fault(at, `${JSON.stringify(unknown.slice(0, 50))} is unknown. An event may have ${names}.`);
  for (const [name, [isRight, what]] of Object.entries(FIELDS))
    if (!isRight((event as Readonly<Record<string, unknown>>)[name], now)) throw fault(at, what);
};

/** As many as a page may send in one request. */
const PORTION = 500;

/** What a name stands for, without its time: who reports it again may not know that any more. */
const contentOf = ({ type, offerId }: ServerEvent): string => JSON.stringify([type, offerId]);

const digitsOf = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes, 0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** No other use of the same secret can be mistaken for this one. */
const PURPOSE = 'offersight report 1';

/**
 * Makes the id that a name stands for: a UUIDv8 (RFC 9562 §5.8), since no page may send one. A
 * report that is repeated after a crash names the same event.
 */
const idOf = async (key: CryptoKey, site: string, name: string): Promise<string> => {
  const hex = digitsOf(await signed(key, JSON.stringify([PURPOSE, site, name])));
  return hex.replace(/(.{8})(.{4}).(.{3}).(.{3})(.{12})/, '$1-$2-8$3-8$4-$5');
};

/**
 * Counts an event by its verdict.
 * @throws {OffersightError} `refused` or `delivery` if it was not taken.
 */
const outcomeOf = (verdict: Verdict | undefined, at: number): keyof ReportResult => {
  const { kind, code = 'unavailable' } = { kind: 'deferred' as const, code: undefined, ...verdict };
  switch (kind) {
    case 'accepted':
    case 'duplicate':
      return kind;
    case 'refused':
      throw fault(
        at,
        code === 'conflict'
          ? 'it has the name of another event that was reported before. Give it one of its own. The others may have been taken.'
          : `it was refused (${code}). The others may have been taken.`,
        'refused',
      );
    case 'deferred':
      throw new OffersightError(
        'delivery',
        `Not all events could be taken (${code}): report them again later. Their names keep them from counting twice.`,
      );
    default:
      return kind satisfies never;
  }
};

/** No matter why they are not taken, the same events may be reported again. */
const sayAgain = (cause: unknown, what = 'The intake does not answer.'): never => {
  const remedy = remedyOf(cause);
  throw new OffersightError(
    'delivery',
    `${remedy ?? what} Report the events again ${remedy ? 'after that' : 'later'}: their names keep them from counting twice.`,
    cause,
  );
};

export const createReporting = ({
  site,
  usage,
  groups,
  take,
  accept,
  nameKey,
  alert,
  observe,
  runtime,
}: ReportingContext): ((events: readonly ServerEvent[]) => Promise<ReportResult>) => {
  const usageIn = async (
    event: ReportedEvent,
    subject: string | undefined,
  ): Promise<UsageFields | undefined> => {
    if (!usage) return undefined;
    const asked = usageOf(usage, event, subject, alert);
    return inTime(runtime, HOOK_MS, asked, undefined, 'A hook of usage').catch((cause: unknown) =>
      sayAgain(cause, 'A hook of usage failed.'),
    );
  };

  const admit = async (
    given: ServerEvent,
    receivedAt: number,
    key: CryptoKey,
  ): Promise<AdmittedEvent | AcceptedEvent> => {
    const { name, type, offerId, occurredAt = receivedAt, subject, caller } = given;
    const group = listedAs(given.group, groups);
    const id = await idOf(key, site, name);
    const content = contentOf(given);
    if (type === 'accepted') {
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(content));
      return { id, content: digitsOf(digest), group, receivedAt };
    }
    const reported = { id, type, offerId, occurredAt };
    return {
      ...reported,
      receivedAt,
      content,
      group,
      ...additionsOf(caller, await usageIn(reported, subject), alert),
    };
  };

  const takeAll = async (
    admitted: readonly (AdmittedEvent | AcceptedEvent)[],
  ): Promise<ReadonlyMap<string, Verdict>> => {
    const forwarded = admitted.filter((one) => 'type' in one);
    const accepted = admitted.filter((one) => !('type' in one));
    const verdicts = new Map([
      ...(forwarded.length ? await take(forwarded) : []),
      ...((accepted.length && (await accept?.(accepted))) || []),
    ]);
    const types = new Map(forwarded.map(({ id, type }) => [id, type]));
    observe(verdicts, (id) => types.get(id) ?? 'accepted');
    return verdicts;
  };

  return async (events) => {
    // Hosts without types may give one event.
    const given: unknown = events;
    if (!Array.isArray(given)) throw new OffersightError('configuration', 'Give report a list of events.');
    const receivedAt = runtime.now();
    const named = new Map<string, string>();
    for (const [at, event] of events.entries()) {
      checkReported(event, at, receivedAt);
      const says = contentOf(event);
      // Before anything is taken, also if the report is taken in portions.
      if ((named.get(event.name) ?? says) !== says)
        throw fault(at, 'another event of the report has its name.');
      named.set(event.name, says);
    }
    if (!accept && events.some(({ type }) => type === 'accepted'))
      throw new OffersightError(
        'configuration',
        'accepted counts only in the ledger, which directIntake() does not have: use sqliteIntake({ file }).',
      );
    const result = { accepted: 0, duplicate: 0 };
    for (let from = 0; from < events.length; from += PORTION) {
      const portion = events.slice(from, from + PORTION);
      const key = await keyOf(await nameKey().catch((cause: unknown) => sayAgain(cause)));
      const admitted = new Map<
        string,
        { readonly one: AdmittedEvent | AcceptedEvent; readonly at: number }
      >();
      for (const [at, event] of portion.entries()) {
        const one = await admit(event, receivedAt, key);
        admitted.set(one.id, { one, at: from + at });
      }
      const all = [...admitted.values()].map(({ one }) => one);
      const verdicts = await takeAll(all).catch((cause: unknown) => sayAgain(cause));
      result.duplicate += portion.length - admitted.size;
      for (const [id, { at }] of admitted) result[outcomeOf(verdicts.get(id), at)] += 1;
    }
    return result;
  };
};
