/** One site of the standalone proxy: its endpoint, and what its operators look at. */
import { OffersightError } from '../../errors.js';
import { platformRuntime, type Stop } from '../../runtime.js';
import { problem } from '../door/problem.js';
import { createOfferProxy } from '../handler.js';
import type { DirectIntake } from '../intake/direct/direct.js';
import { isDurable } from '../intake/durable.js';
import type { Intake } from '../intake/intake.js';
import type { IntakeBounds } from '../intake/rules.js';
import type { Claim } from '../intake/sqlite/sqlite-calls.js';
import { type NodeListener, toNodeListener } from '../node.js';
import { createWatchedAdmin, type OfferAdmin } from '../operator/admin.js';
import { LOOPBACK } from '../operator/page/own-requests.js';
import type { OfferProxyOptions } from '../options.js';
import { inTime } from '../patience.js';
import { type OnAlert, quietly } from '../telling/alert.js';
import { ALERTS, wordsOf } from '../telling/alerts.js';
import { systemCodeOf } from '../telling/cause.js';
import { Failure } from './failure.js';
import type { Log, LogFields } from './log.js';
import type { SiteMetrics } from './metrics.js';
import { watchReadiness } from './readiness.js';
import { type IntakePlace, openAnyIntake } from './sources.js';
import { whereOf } from './using-intake.js';

/** What one site runs on. */
export interface SiteOptions {
  /** In lower case. */
  readonly name: string;
  /** The hosts of its pages, in lower case; none means any. */
  readonly hosts: ReadonlySet<string>;
  /** The endpoint's path. */
  readonly path: string;
  /** What keeps its events. */
  readonly place: IntakePlace;
  readonly bounds: { readonly [Name in keyof IntakeBounds]?: IntakeBounds[Name] | undefined };
  readonly proxy: Omit<OfferProxyOptions, 'intake' | 'onAlert' | 'onObservation'>;
  /** Opens the admin route under `/admin/`. */
  readonly adminToken: string | undefined;
  /** By which host names browsers get the operator's page. */
  readonly adminHosts: readonly string[] | undefined;
  /** Whether logs name events. */
  readonly logIds: boolean;
}

/** What a site shares with others of its process. */
export interface SiteContext {
  readonly log: Log;
  readonly metrics: SiteMetrics | undefined;
  /** Whether operators have a listener of their own. */
  readonly isApart: boolean;
  /** Whether its host distinguishes it from others, so that this machine's own names belong to none. */
  readonly isNamed: boolean;
}

/** A site that runs. */
export interface Site {
  readonly name: string;
  readonly hosts: ReadonlySet<string>;
  readonly path: string;
  readonly adminHosts: ReadonlySet<string>;
  readonly endpoint: NodeListener;
  /** What answers its operators, if it has an admin token. */
  readonly administer: NodeListener | undefined;
  isReady(): Promise<boolean>;
  /** Ends the calls under way, and frees the intake. */
  stop(): Promise<void>;
}

type Running = Pick<Site, 'endpoint' | 'administer' | 'isReady' | 'stop'>;

/** How long pages wait before they ask a site again whose intake could not be opened. */
const AWAY_MS = 30_000;
/** Its intake is tried again sooner, so that it is there by then. */
const AGAIN_MS = 5_000;
/** A site whose intake is not open by then starts without the others waiting for it. */
const START_MS = 4_000;

/** What broke, by its name and the system's code; its words may describe people. */
export const causeFields = (cause: unknown): LogFields => ({
  cause: cause instanceof Error ? cause.name : undefined,
  cause_code: systemCodeOf(cause),
});

/** Names events in the log, if that was asked for. */
const naming = (intake: Intake, log: Log): Intake => ({
  ...intake,
  async take(events) {
    const verdicts = await intake.take(events);
    for (const { id, type, offerId } of events)
      log.info('event', { id, type, offer_id: offerId, verdict: verdicts.get(id)?.kind });
    return verdicts;
  },
});

/**
 * Says where events are kept, and what waits there. A release that starts in another folder has a new file, and nobody
 * would look for the events that stayed in the old one.
 */
const sayPlace = async ({ place }: SiteOptions, intake: Intake, log: Log): Promise<void> => {
  const { waiting } = await intake.status(platformRuntime().now());
  let isNew = !(await intake.list({ limit: 1 })).length;
  if (isNew) for await (const cells of intake.ledger()) isNew &&= !cells.length;
  log.info('intake', { place: whereOf(place), schema: place.schema, is_new: isNew, waiting });
};

/** Makes what answers, over an open intake. */
const run = (
  options: SiteOptions,
  { log, metrics, isApart, isNamed }: SiteContext,
  intake: Intake | DirectIntake,
): Running => {
  const durable = isDurable(intake) ? intake : undefined;
  const watched = durable && watchReadiness(durable, platformRuntime());
  const onAlert: OnAlert = (message, cause, code) => log.error(message, { code, ...causeFields(cause) });
  const local = isNamed ? [] : LOOPBACK;
  // First, since it can fail without leaving anything open.
  const admin: OfferAdmin | undefined =
    options.adminToken !== undefined && durable
      ? createWatchedAdmin(
          {
            intake: durable,
            token: options.adminToken,
            report: (events) => proxy.report(events),
            onAlert,
            // On a host of the shop's pages, their scripts could act in an operator's name.
            adminHosts: isApart ? [...local, ...(options.adminHosts ?? [])] : [],
          },
          (code) => metrics?.observe({ kind: 'alert', code }),
        )
      : undefined;
  const kept = watched?.intake;
  const proxy = createOfferProxy({
    ...options.proxy,
    // A person who may see the events may also see these pages.
    ...(options.adminToken !== undefined && { inspectSecret: options.adminToken }),
    intake: kept ? (options.logIds ? naming(kept, log) : kept) : intake,
    onAlert,
    onObservation(observation) {
      metrics?.observe(observation);
      // Its message has a line of its own.
      if (observation.kind === 'alert') return;
      const { kind, ...fields } = observation;
      log.info(
        kind,
        'durationMs' in fields ? { ...fields, durationMs: Math.round(fields.durationMs) } : fields,
      );
    },
  });
  if (durable && watched) metrics?.watch(durable, watched.isTaking);
  // If it cannot be read, the alerts say so.
  if (durable) void sayPlace(options, durable, log).catch(() => undefined);
  return {
    endpoint: toNodeListener(proxy, { path: options.path }),
    administer: admin && toNodeListener(admin),
    isReady: async () => !watched || (await watched.isReady()),
    stop: () => proxy.close(),
  };
};

/** Opens the intake and runs the site. */
const open = async (options: SiteOptions, context: SiteContext, claim?: Claim): Promise<Running> => {
  const intake = await openAnyIntake(options.place, options.bounds, claim);
  try {
    return run(options, context, intake);
  } catch (cause) {
    // What is open would keep the process alive.
    if (isDurable(intake)) await intake.close().catch(() => undefined);
    throw cause instanceof OffersightError ? new Failure(cause.hint) : cause;
  }
};

const described = ({ name, hosts, path, adminHosts = [] }: SiteOptions) => ({
  ...{ name, hosts, path },
  adminHosts: new Set(adminHosts),
});

/**
 * Starts the only site of a process.
 * @throws {Failure} If it cannot be started.
 */
export const startSite = async (options: SiteOptions, context: SiteContext): Promise<Site> => ({
  ...described(options),
  ...(await open(options, context)),
});

/**
 * Starts one site of several. While it cannot be started, it answers 503 and leaves the others alone. What comes while it
 * is tried for the first time waits.
 */
export const startKeptSite = async (options: SiteOptions, context: SiteContext): Promise<Site> => {
  const runtime = platformRuntime();
  const away = toNodeListener(async () => problem('unavailable', { 'retry-after': `${AWAY_MS / 1_000}` }));
  const alert = quietly(
    (message, cause, code) => context.log.error(message, { code, ...causeFields(cause) }),
    runtime,
    (code) => context.metrics?.observe({ kind: 'alert', code }),
  );
  const { groups } = options.proxy;
  const claim: Claim = { site: options.name, groups: groups && new Set(groups) };
  let running: Running | undefined;
  let opening: Promise<void> | undefined;
  let stopTimer: Stop | undefined;
  let isStopped = false;

  const tryToOpen = async (): Promise<void> => {
    try {
      running = await open(options, context, claim);
    } catch (cause) {
      const why = cause instanceof Failure ? cause.message : '';
      alert(wordsOf(ALERTS.siteAway, { why }).trimEnd(), cause, 'siteAway');
      if (!isStopped)
        stopTimer = runtime.after(AGAIN_MS, () => {
          opening = tryToOpen();
        });
    }
  };
  const first = tryToOpen();
  opening = first;
  const answering =
    (side: 'endpoint' | 'administer'): NodeListener =>
    async (incoming, outgoing) => {
      await first;
      return (running?.[side] ?? away)(incoming, outgoing);
    };
  await inTime(runtime, START_MS, first).catch(() => undefined);
  return {
    ...described(options),
    endpoint: answering('endpoint'),
    administer:
      options.adminToken === undefined || options.place.intake === 'direct'
        ? undefined
        : answering('administer'),
    isReady: async () => (await running?.isReady()) ?? false,
    async stop() {
      isStopped = true;
      stopTimer?.();
      await opening;
      await running?.stop();
    },
  };
};
