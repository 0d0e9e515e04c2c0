/** The site of the standalone proxy: its endpoint, and what its operators look at. */
import { OffersightError } from '../../errors.js';
import { platformRuntime } from '../../runtime.js';
import type { OnAlert } from '../alerts/alert.js';
import { systemCodeOf } from '../alerts/cause.js';
import { createOfferProxy } from '../handler.js';
import { type DirectIntake, isDurable } from '../intake/direct/direct.js';
import type { Intake } from '../intake/intake.js';
import { type NodeListener, toNodeListener } from '../node.js';
import { createWatchedAdmin, type OfferAdmin } from '../operator/admin.js';
import { LOOPBACK } from '../operator/page/own-requests.js';
import { SHARED } from '../settings/values.js';
import { Failure } from './failure.js';
import type { Values } from './flags.js';
import type { Log, LogFields } from './log.js';
import type { Metrics } from './metrics.js';
import { watchReadiness } from './readiness.js';
import { given, type IntakePlace, openAnyIntake } from './sources.js';
import { whereOf } from './using-intake.js';

/** What the site runs on: its settings and its secrets. */
export interface SiteOptions extends Values<'proxy'> {
  /** What keeps its events. */
  readonly place: IntakePlace;
  readonly apiKey: string;
  /** Opens the admin route under `/admin/`. */
  readonly adminToken: string | undefined;
  /** If there is one, offers have to be signed with it. */
  readonly signingSecret: string | undefined;
}

/** What it needs besides. */
export interface SiteContext {
  readonly log: Log;
  readonly metrics: Metrics | undefined;
}

/** A site that runs. */
export interface Site {
  readonly endpoint: NodeListener;
  /** What answers its operators, if it has an admin token. */
  readonly administer: NodeListener | undefined;
  isReady(): Promise<boolean>;
  /** Ends the calls under way, and frees the intake. */
  stop(): Promise<void>;
}

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

/** The options of the proxy that are settings too. */
const optionsOf = (options: SiteOptions) => {
  const { apiKey, signingSecret, perMinute, perAddress } = options;
  const names = Object.keys(SHARED) as (keyof typeof SHARED)[];
  const shared = Object.fromEntries(names.map((name) => [name, options[name]])) as Pick<
    SiteOptions,
    keyof typeof SHARED
  >;
  return {
    ...given(shared),
    // It has to be given, which the compiler cannot see behind `given`.
    site: options.site,
    apiKey,
    pace: { perMinute },
    limits: given({ perAddress }),
    ...given({ requireSignedOffers: signingSecret }),
  };
};

/** Makes what answers, over an open intake. */
const run = (options: SiteOptions, { log, metrics }: SiteContext, intake: Intake | DirectIntake): Site => {
  const durable = isDurable(intake) ? intake : undefined;
  const watched = durable && watchReadiness(durable, platformRuntime());
  const onAlert: OnAlert = (message, cause, code) => log.error(message, { code, ...causeFields(cause) });
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
            adminHosts: options.adminPort ? [...LOOPBACK, ...(options.adminNames ?? [])] : [],
          },
          (code) => metrics?.observe({ kind: 'alert', code }),
        )
      : undefined;
  const kept = watched?.intake;
  const proxy = createOfferProxy({
    ...optionsOf(options),
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

/**
 * Opens the intake and starts the site.
 * @throws {Failure} If it cannot be started.
 */
export const startSite = async (options: SiteOptions, context: SiteContext): Promise<Site> => {
  const intake = await openAnyIntake(options.place, { ledgerDays: options.ledgerDays });
  try {
    return run(options, context, intake);
  } catch (cause) {
    // What is open would keep the process alive.
    if (isDurable(intake)) await intake.close().catch(() => undefined);
    throw cause instanceof OffersightError ? new Failure(cause.hint) : cause;
  }
};
