/**
 * The proxy's pipeline: admit → decode → judge → take → answer. One verdict for every event, a
 * problem body for any other request. It never throws, and only it knows the API key.
 */
import { type Verdict, WIRE_VERSION, type WireReply, type WireResult } from '../protocol/batch.js';
import { decodeRequest } from '../protocol/decode.js';
import { platformRuntime } from '../runtime.js';
import { createAlert, type OnAlert } from './alerts/alert.js';
import { hookOf } from './alerts/cause.js';
import { recordDoor } from './alerts/door-recorder.js';
import type { Observation } from './alerts/observation.js';
import { createEntitlement, type Judgement } from './authorize/entitlement.js';
import { createAddresses, createSubjects } from './authorize/hooks.js';
import { createInspecting } from './authorize/inspecting.js';
import { createReporting } from './authorize/reporting.js';
import { addressKey, clientKey } from './door/address.js';
import { createAdmission, createMachineCheck } from './door/admission.js';
import { type Budget, createBudgets } from './door/budgets.js';
import {
  EXCHANGES,
  fromRequest,
  type Incoming,
  REPLY_HEADERS,
  type Rejection,
  type Reply,
  rejection,
  toResponse,
} from './door/exchange.js';
import { watchSurroundings } from './door/surroundings.js';
import { startForwarding } from './forward/forwarding.js';
import { isDurable } from './intake/direct/direct.js';
import type { OfferProxyOptions } from './options.js';
import type { ReportResult, ServerEvent } from './reported.js';
import { resolveProxyOptions } from './resolving.js';
import { counted, toResult } from './results.js';

/** What the host's server knows of a request. */
export interface Connection {
  /** The other end of the socket. */
  readonly address?: string | undefined;
}

/** Answers requests of the endpoint, and forwards until closed. */
export interface OfferProxy {
  /**
   * Never rejects.
   * @param connection A {@link Connection}; anything else that a host's router gives as its second argument is ignored.
   */
  (request: Request, connection?: object): Promise<Response>;
  /**
   * Reports what the host's own code saw: no budget, no hook of a request and no check of machines
   * applies. A taken event is kept as durably as a page's event; a direct intake has forwarded it.
   * A `dismissed` counts even if nobody reported its `viewed`, so report both. `accepted` counts
   * only in the ledger, which a direct intake does not have.
   * @throws {OffersightError} `configuration` if an event is wrong, and then nothing was taken.
   * `delivery` if not all could be taken: report them again, since their names keep them from
   * counting twice. `refused` if the upstream or an equal name refused one.
   */
  report(events: readonly ServerEvent[]): Promise<ReportResult>;
  /** Ends forwarding after the calls under way, and closes the intake. */
  close(): Promise<void>;
}

const BUSY_MS = 5_000;

/** What a machine sees is seen by nobody. */
const refuseAll = (items: readonly { readonly id: string }[]): Judgement => ({
  admitted: [],
  verdicts: new Map(items.map(({ id }) => [id, { kind: 'refused', code: 'machine' }])),
  budgetKeys: new Map(),
});

/** Asking again for what was not accepted takes nothing from the day's budget. */
const giveBack = (
  offerADay: Budget,
  budgetKeys: ReadonlyMap<string, string>,
  verdicts: ReadonlyMap<string, Verdict>,
): void => {
  for (const [id, key] of budgetKeys) if (verdicts.get(id)?.kind !== 'accepted') offerADay.giveBack(key, 1);
};

type Answer = Rejection | { readonly reply: Reply; readonly code?: undefined };

const answerWith = (text: string): Answer => ({
  reply: { status: 200, headers: { ...REPLY_HEADERS, 'content-type': 'application/json' }, text },
});

/**
 * Makes the proxy of one Chargebee site. With a durable intake forwarding starts at once, with what an earlier process
 * left.
 * @throws {OffersightError} `configuration` if an option is wrong, or the intake keeps another site's events: a
 * deployment has to fail, not its requests. Postgres can only say so when it is asked; then all events get 503.
 */
export const createOfferProxy = (given: OfferProxyOptions): OfferProxy => {
  // Untyped hosts may leave a field out; the error names it.
  const options = resolveProxyOptions(given ?? {});
  const runtime = given.runtime ?? platformRuntime();
  const onAlert: OnAlert =
    given.onAlert?.bind(given) ?? ((message, cause) => console.error(`offersight: ${message}`, cause ?? ''));
  const door = recordDoor(isDurable(options.intake) ? options.intake : {}, runtime);
  const alert = createAlert(onAlert, runtime, (code, message) => {
    door.raised(code, message);
    observe({ kind: 'alert', code });
  });
  const onObservation = given.onObservation && hookOf(given.onObservation.bind(given));
  const observe = (observation: Observation): void => {
    door.observe(observation);
    onObservation?.(observation).catch((cause: unknown) => {
      // Otherwise a hook that throws for each alert would be called for the alert about itself, without end.
      if (observation.kind !== 'alert') alert('observationFailed', {}, cause);
    });
  };
  const observeVerdicts = (
    results: readonly WireResult[],
    typeOf: (id: string) => ServerEvent['type'] | undefined,
  ): void => {
    const verdicts = results.map(({ id, status, code }) => ({ verdict: status, code, type: typeOf(id) }));
    for (const count of counted(verdicts)) observe({ kind: 'verdict', ...count });
  };
  const forwarding = startForwarding(options, runtime, alert, observe);

  const retryAfter = (delayMs: number): string =>
    `${Math.ceil((Math.min(delayMs, 3_600_000) * (1 + runtime.random() * 0.5)) / 1_000)}`;
  const subjectOf = createSubjects(options.subject, alert, runtime);
  const addressOf = options.address && createAddresses(options.address, alert, runtime);
  const budgets = createBudgets(options.limits, options.pace.perMinute, runtime);
  const admit = createAdmission({
    origins: options.origins,
    isVouched: async (incoming) =>
      options.isSubjectVouching && (await subjectOf(incoming.request)) !== undefined,
    budget: budgets.address,
    retryAfter,
  });
  const hear = watchSurroundings(
    { trustedHops: options.trustedHops, isAddressGiven: options.address !== undefined },
    alert,
    runtime,
  );
  const isMachine = createMachineCheck(options.machines);
  const opensInspector = createInspecting(options.inspectSecrets);
  const judge = createEntitlement(options, { budgets, knows: forwarding.knows, alert, runtime });

  const overBudget = (
    events: number,
    address: string | undefined,
    owner: string | undefined,
  ): Rejection | undefined => {
    let waitMs = address === undefined ? undefined : budgets.address.take(address, events);
    if (waitMs === undefined && owner !== undefined) {
      waitMs = budgets.subject.take(owner, events);
      // One user must not use up what an office has.
      if (waitMs !== undefined && address !== undefined) budgets.address.giveBack(address, events);
    }
    return waitMs === undefined ? undefined : rejection('budget', { 'retry-after': retryAfter(waitMs) });
  };

  /** A wrong code costs as much as an event. */
  const inspect = async (code: string, path: string, address: string | undefined): Promise<Answer> => {
    const tooMuch = overBudget(1, address, undefined);
    if (tooMuch) return tooMuch;
    return (await opensInspector(code, path, runtime.now()))
      ? answerWith(JSON.stringify({ v: WIRE_VERSION, inspect: true }))
      : rejection('inspect');
  };

  const decide = async (incoming: Incoming, text: string, address: string | undefined): Promise<Answer> => {
    const decoded = decodeRequest(text);
    if (decoded.kind === 'fault') return rejection(decoded.fault);
    if (decoded.kind === 'inspection') return inspect(decoded.code, decoded.path, address);
    const { items, sentAt } = decoded;
    const receivedAt = runtime.now();
    const owner = options.subject && (await subjectOf(incoming.request));
    const tooMuch = overBudget(items.length, address, owner);
    if (tooMuch) return tooMuch;
    const { admitted, verdicts, budgetKeys } = isMachine(incoming)
      ? refuseAll(items)
      : await judge(items, { incoming, subject: owner, visitor: owner ?? address, sentAt, receivedAt });
    if (admitted.length) {
      try {
        for (const [id, verdict] of await forwarding.take(admitted)) verdicts.set(id, verdict);
      } finally {
        giveBack(budgets.offerADay, budgetKeys, verdicts);
      }
    }
    const results = items.map(({ id }) =>
      toResult(id, verdicts.get(id) ?? { kind: 'deferred', code: 'unavailable' }),
    );
    const types = new Map(items.map((item) => [item.id, 'event' in item ? item.event.type : undefined]));
    observeVerdicts(results, (id) => types.get(id));
    if (forwarding.isDurable && results.some(({ code }) => code === 'overloaded')) alert('full');
    return answerWith(JSON.stringify({ v: WIRE_VERSION, results } satisfies WireReply));
  };

  const answer = async (incoming: Incoming, connection: Connection | null | undefined): Promise<Answer> => {
    try {
      const address = typeof connection?.address === 'string' ? connection.address : undefined;
      const { headers } = incoming;
      const known = await addressOf?.(incoming.request);
      const key = addressOf
        ? known && (addressKey(known) ?? known)
        : clientKey(address, headers.get('x-forwarded-for'), options.trustedHops);
      const admission = await admit(incoming, key);
      const isAdmitted = 'text' in admission;
      hear({ headers, address: key, code: isAdmitted ? undefined : admission.code });
      return isAdmitted ? await decide(incoming, admission.text, key) : admission;
    } catch (cause) {
      alert('notTaken', {}, cause);
      return rejection('unavailable', { 'retry-after': retryAfter(BUSY_MS) });
    }
  };

  const exchange = async (incoming: Incoming, connection?: object): Promise<Reply> => {
    const startedAt = runtime.elapsed();
    const { reply, code } = await answer(incoming, connection);
    observe({ kind: 'request', status: reply.status, code, durationMs: runtime.elapsed() - startedAt });
    return reply;
  };
  const handle = async (request: Request, connection?: object): Promise<Response> =>
    toResponse(await exchange(fromRequest(request), connection));
  EXCHANGES.set(handle, exchange);

  const report = createReporting({
    ...{ site: options.site, usage: options.usage, groups: options.groups, alert, runtime },
    take: (events) => forwarding.take(events),
    accept: forwarding.accept,
    nameKey: forwarding.nameKey,
    observe: (verdicts, typeOf) =>
      observeVerdicts(
        [...verdicts].map(([id, verdict]) => toResult(id, verdict)),
        typeOf,
      ),
  });

  return Object.assign(handle, {
    report,
    async close() {
      await door.close();
      await forwarding.close();
    },
  });
};
