/** Whether the sender may report a decoded event. */
import type { Verdict } from '../../protocol/batch.js';
import type { DecodedEvent, DecodedItem } from '../../protocol/decode.js';
import type { Runtime } from '../../runtime.js';
import type { Alert } from '../alerts/alert.js';
import type { Budgets } from '../door/budgets.js';
import type { Incoming } from '../door/exchange.js';
import type { AdmittedEvent, UsageFields } from '../intake/admitted.js';
import type { Taking } from '../intake/direct/direct.js';
import { listedAs, OTHER_GROUPS } from '../intake/ledger.js';
import { HOOK_MS, patiently } from '../patience.js';
import type { Caller, ReportedEvent } from '../reported.js';
import type { ResolvedProxyOptions } from '../resolving.js';
import { additionsOf, callerOf, usageOf } from './hooks.js';
import { createVerifier, type TokenWorth } from './signature.js';

interface Circumstances {
  readonly incoming: Incoming;
  readonly subject: string | undefined;
  /** Who asks, as far as that is known: the user, or else the address. */
  readonly visitor: string | undefined;
  /** The sender's clock when the request left, epoch milliseconds. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

interface Findings {
  readonly usage: UsageFields | undefined;
  readonly caller: Caller | undefined;
  /** What its token says of its group. */
  readonly group: TokenWorth['group'] | undefined;
}

/** What of a request may be taken, and the verdicts on everything else. */
export interface Judgement {
  readonly admitted: readonly AdmittedEvent[];
  readonly verdicts: Map<string, Verdict>;
  /** By the id of an admitted event, under which key it took from a day's budget. */
  readonly budgetKeys: ReadonlyMap<string, string>;
}

/** Either the event as the intake takes it, or its verdict. */
type Entitled =
  | { readonly admitted: AdmittedEvent; readonly budgetKey: string | undefined }
  | { readonly verdict: Verdict };

const HOOKS_AT_ONCE = 16;
/** A few may be of somebody who has signed out. */
const LEAST_MISMATCHES = 10;

const UNUSABLE = { group: 'unusableGroup', reason: 'unusableReason' } as const;
const NO_ANSWER = { hook: 'authorize', what: 'true or false', so: 'its events are refused' };

const refused = (code: string): Entitled => ({ verdict: { kind: 'refused', code } });
const deferred = (code: string, retryAfterMs: number): Entitled => ({
  verdict: { kind: 'deferred', code, retryAfterMs },
});
/** Every fault of an event looks the same from outside, so nobody can try out which offers there are. */
const REFUSED = refused('invalid_event');
/** Nobody can learn anything by that: the page says when the offer ended. */
const ENDED = refused('expired');
const MISMATCH = deferred('subject_mismatch', 60_000);
/** Proxies are updated first; if one was not, the page keeps the event and asks again. */
const UNSUPPORTED_TYPE = deferred('unsupported_type', 3_600_000);
const UNAVAILABLE = deferred('unavailable', 5_000);

/**
 * The key of a day's budget: the user, or the token of a visitor who has one. Without both it is
 * undefined, and only the address's budget counts.
 */
const budgetKeyOf = (
  subject: string | undefined,
  token: string | undefined,
  { offerId, type }: ReportedEvent,
): string | undefined => {
  // A list of three cannot be confused with one of two, with any subject.
  if (subject !== undefined) return JSON.stringify([subject, offerId, type]);
  return token === undefined ? undefined : JSON.stringify([token, type]);
};

/** What the same id has to say again. */
const contentOf = ({ type, offerId, occurredAt, expiresAt, subject }: DecodedEvent): string =>
  JSON.stringify([type, offerId, occurredAt, expiresAt, subject]);

/**
 * A `dismissed` without its `viewed` would lift the funnel over 100 %, so what keeps all views of an offer in a request
 * out keeps its dismissals out.
 */
const keepTogether = (items: readonly DecodedItem[], entitled: readonly Entitled[]): readonly Entitled[] => {
  const missing = new Map<string, Verdict | undefined>();
  for (const [at, item] of items.entries()) {
    const outcome = entitled[at];
    if (!outcome || !('event' in item) || item.event.type !== 'viewed') continue;
    const { offerId } = item.event;
    if ('admitted' in outcome || outcome.verdict.kind === 'duplicate') missing.set(offerId, undefined);
    else if (!missing.has(offerId)) missing.set(offerId, outcome.verdict);
  }
  return entitled.map((outcome) => {
    const isDismissal = 'admitted' in outcome && outcome.admitted.type === 'dismissed';
    const verdict = isDismissal ? missing.get(outcome.admitted.offerId) : undefined;
    return verdict ? { verdict } : outcome;
  });
};

interface EntitlementContext {
  readonly budgets: Budgets;
  readonly knows: Taking['knows'];
  readonly alert: Alert;
  readonly runtime: Pick<Runtime, 'after'>;
}

export const createEntitlement = (
  { secrets, authorize, subject: hook, caller, usage, groups }: ResolvedProxyOptions,
  { budgets, knows, alert, runtime }: EntitlementContext,
): ((items: readonly DecodedItem[], circumstances: Circumstances) => Promise<Judgement>) => {
  const verifyToken = secrets && createVerifier(secrets);
  const canWait = [secrets, authorize, caller, usage].some((given) => given !== undefined);
  let mismatchesInARow = 0;

  const admitted = (
    event: DecodedEvent,
    reported: ReportedEvent,
    { visitor, receivedAt }: Circumstances,
    found: Findings,
  ): AdmittedEvent => {
    const { group, reason, unusable, mayBeKnown } = event;
    if (unusable) alert(UNUSABLE[unusable]);
    if (found.group === 'other') alert('unsignedGroup');
    return {
      ...reported,
      receivedAt,
      content: contentOf(event),
      ...additionsOf(found.caller, found.usage, alert),
      group: found.group === 'other' ? OTHER_GROUPS : listedAs(group, groups),
      reason,
      mayBeKnown,
      visitor,
    };
  };

  /**
   * If pages and the host's session name users differently, their events would wait on the pages for days, and nothing
   * would say so here.
   */
  const isOfUser = (subject: string | undefined, named: string): boolean => {
    mismatchesInARow = named === subject ? 0 : mismatchesInARow + 1;
    if (mismatchesInARow >= LEAST_MISMATCHES) alert('otherSubjects');
    return named === subject;
  };

  const judge = async (event: DecodedEvent, circumstances: Circumstances): Promise<Entitled> => {
    const { incoming, subject, sentAt, receivedAt } = circumstances;
    if (hook && event.subject !== undefined && !isOfUser(subject, event.subject)) return MISMATCH;
    const { id, type, offerId, token, group } = event;
    // Corrects what a skewed clock reported, once, and never dates an event after its arrival.
    const occurredAt = Math.max(0, Math.min(receivedAt, event.occurredAt + receivedAt - Math.round(sentAt)));
    // Here, since a page's clock may be a day ahead.
    if (event.expiresAt !== undefined && occurredAt >= event.expiresAt) return ENDED;
    const reported: ReportedEvent = { id, type, offerId, occurredAt };
    const worth = verifyToken && (await verifyToken({ ...reported, token, subject, group }, receivedAt));
    // Its user may be back soon, and signed in.
    if (worth?.offer === 'absent' && hook) return MISMATCH;
    if (worth && worth.offer !== 'valid') {
      alert('unsigned');
      return REFUSED;
    }
    const isAllowed = authorize ? await authorize(reported, incoming.request) : true;
    // A hook without types may forget to say; then it has not said yes.
    if (typeof isAllowed !== 'boolean') alert('unusableAnswer', NO_ANSWER);
    if (isAllowed !== true) return REFUSED;
    const found = {
      usage: usage && (await usageOf(usage, reported, subject, alert)),
      caller: caller && callerOf(await caller(reported, incoming.request), alert),
      group: worth?.group,
    };
    const taken = admitted(event, reported, circumstances, found);
    // Last, since what is taken here is given back only for what the intake did not accept.
    const budgetKey = budgetKeyOf(subject, worth?.key, reported);
    const isTooMany = budgetKey !== undefined && budgets.offerADay.take(budgetKey, 1) !== undefined;
    return isTooMany ? REFUSED : { admitted: taken, budgetKey };
  };

  /** One event whose hook fails or hangs holds up no other. */
  const judgeSafely = (
    item: DecodedItem,
    circumstances: Circumstances,
    late: Promise<Entitled>,
  ): Entitled | Promise<Entitled> => {
    if ('refusedFor' in item) return REFUSED;
    if ('deferredFor' in item) return UNSUPPORTED_TYPE;
    const judged = judge(item.event, circumstances).catch((cause: unknown) => {
      alert('hookFailed', {}, cause);
      return UNAVAILABLE;
    });
    return Promise.race([judged, late]);
  };

  /** An event that was taken once stays taken, even if its token or budget has ended since. */
  const remembering = async (
    items: readonly DecodedItem[],
    judged: readonly Entitled[],
  ): Promise<readonly Entitled[]> => {
    const refusals = items.flatMap((item, at) => {
      const outcome = judged[at];
      const isRefused = outcome && 'verdict' in outcome && outcome.verdict.kind === 'refused';
      return isRefused && 'event' in item ? [{ id: item.id, content: contentOf(item.event) }] : [];
    });
    const known = refusals.length ? await knows(refusals) : new Set<string>();
    return judged.map((outcome, at) =>
      known.has(items[at]?.id ?? '') ? { verdict: { kind: 'duplicate' } } : outcome,
    );
  };

  return async (items, circumstances) => {
    let stop = (): void => undefined;
    const late = new Promise<Entitled>((resolve) => {
      if (canWait)
        stop = patiently(runtime, HOOK_MS, () => {
          alert('hooksLate');
          resolve(UNAVAILABLE);
        });
    });
    const judged: Entitled[] = [];
    const left = items.entries();
    // A host's hooks have few connections to their own databases.
    const judgeOneByOne = async (): Promise<void> => {
      for (const [at, item] of left) judged[at] = await judgeSafely(item, circumstances, late);
    };
    await Promise.all(Array.from({ length: Math.min(HOOKS_AT_ONCE, items.length) }, judgeOneByOne));
    stop();
    const entitled = keepTogether(items, await remembering(items, judged));
    const verdicts = new Map<string, Verdict>();
    const budgetKeys = new Map<string, string>();
    const taken = entitled.flatMap((outcome, at) => {
      if ('verdict' in outcome) {
        verdicts.set(items[at]?.id ?? '', outcome.verdict);
        return [];
      }
      if (outcome.budgetKey !== undefined) budgetKeys.set(outcome.admitted.id, outcome.budgetKey);
      return outcome.admitted;
    });
    return { admitted: taken, verdicts, budgetKeys };
  };
};
