/** What the host's own code reports: an opened mail, a native app's view, an offer closed on a page of another make. */
import { OffersightError } from '../../errors.js';
import type { Verdict } from '../../protocol/batch.js';
import type { Runtime } from '../../runtime.js';
import type { AdmittedEvent, UsageFields } from '../intake/admitted.js';
import type { Taking } from '../intake/direct/direct.js';
import type { Intake } from '../intake/intake.js';
import { type AcceptedEvent, listedAs } from '../intake/ledger.js';
import { HOOK_MS, inTime } from '../patience.js';
import type { ReportedEvent, ReportResult, ServerEvent } from '../reported.js';
import type { UsageHooks } from '../resolving.js';
import { type Alert, remedyOf } from '../telling/alert.js';
import { additionsOf, usageOf } from './additions.js';
import { keyOf, signed } from './mac.js';
import { checkReported, fault } from './report-checks.js';

/** What it works with. */
export interface ReportingContext {
  /** Part of every id, so that sites that share a name of an event do not share the event. */
  readonly site: string;
  readonly usage: UsageHooks | undefined;
  /** The only groups that count; undefined for any. */
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

/** Reports events. */
export type Report = (events: readonly ServerEvent[]) => Promise<ReportResult>;

/** As many as a page may send in one request. */
const PORTION = 500;

/** What the intake says of an event if it says nothing. */
const UNANSWERED = { kind: 'deferred', code: 'unavailable' } as const;

/** What a name stands for, without its time: who reports it again may not know that any more. */
const contentOf = ({ type, offerId }: ServerEvent): string => JSON.stringify([type, offerId]);

/** The first 16 bytes as 32 digits. */
const digitsOf = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes, 0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const digestOf = async (text: string): Promise<string> =>
  digitsOf(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

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
 * What became of an event.
 * @throws {OffersightError} `refused` or `delivery` if it was not taken.
 */
const outcomeOf = (verdict: Verdict | undefined, at: number): keyof ReportResult => {
  const { kind, code }: { readonly kind: Verdict['kind']; readonly code?: string } = verdict ?? UNANSWERED;
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

/** Makes what reports. */
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
}: ReportingContext): Report => {
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
    if (type === 'accepted') return { id, content: await digestOf(content), group, receivedAt };
    const reported = { id, type, offerId, occurredAt };
    return {
      ...reported,
      receivedAt,
      content,
      group,
      ...additionsOf(caller, await usageIn(reported, subject), alert),
    };
  };

  /** The events of a portion by id, and the place of each in the report. */
  const admitAll = async (portion: readonly ServerEvent[], from: number, receivedAt: number) => {
    const key = await keyOf(await nameKey().catch((cause: unknown) => sayAgain(cause)));
    const admitted = new Map<string, AdmittedEvent | AcceptedEvent>();
    const placeOf = new Map<string, number>();
    for (const [at, event] of portion.entries()) {
      const one = await admit(event, receivedAt, key);
      admitted.set(one.id, one);
      placeOf.set(one.id, from + at);
    }
    return { admitted, placeOf };
  };

  const takeAll = async (
    admitted: Iterable<AdmittedEvent | AcceptedEvent>,
  ): Promise<ReadonlyMap<string, Verdict>> => {
    const [forwarded, accepted]: [AdmittedEvent[], AcceptedEvent[]] = [[], []];
    for (const one of admitted)
      if ('type' in one) forwarded.push(one);
      else accepted.push(one);
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
      const { admitted, placeOf } = await admitAll(portion, from, receivedAt);
      const verdicts = await takeAll(admitted.values()).catch((cause: unknown) => sayAgain(cause));
      result.duplicate += portion.length - admitted.size;
      for (const id of admitted.keys()) result[outcomeOf(verdicts.get(id), placeOf.get(id) ?? from)] += 1;
    }
    return result;
  };
};
