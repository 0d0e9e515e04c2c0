/** `offersight proxy`: the endpoint, the script file and what operators look at, in one process. */
import { OffersightError } from '../../errors.js';
import { platformRuntime } from '../../runtime.js';
import { createOfferProxy } from '../handler.js';
import type { DirectIntake } from '../intake/direct/direct.js';
import { isDurable } from '../intake/durable.js';
import type { Intake } from '../intake/intake.js';
import { toNodeListener } from '../node.js';
import { createOfferAdmin, type OfferAdmin } from '../operator/admin.js';
import { LOOPBACK } from '../operator/page/visiting.js';
import type { OfferProxyOptions } from '../options.js';
import { systemCodeOf } from '../telling/cause.js';
import { Failure } from './failure.js';
import { type Listening, listen, type Place } from './listening.js';
import type { Log, LogFields } from './log.js';
import { createMetrics } from './metrics.js';
import { createOperatorRoutes } from './operator-routes.js';
import { watchReadiness } from './readiness.js';
import { isReading, listenerOf, type Routes, reply } from './routes.js';
import { readScriptFile, SCRIPT_FILES } from './script-file.js';

/** What the standalone proxy runs on. */
export interface ServeOptions extends Place {
  /** Where operators ask, if not where the endpoint is. */
  readonly operators?: Place | undefined;
  /** How long an idle connection is kept, milliseconds. */
  readonly keepAliveMs?: number | undefined;
  /** Of the endpoint. */
  readonly path: string;
  readonly intake: Intake | DirectIntake;
  readonly proxy: Omit<OfferProxyOptions, 'intake' | 'onAlert' | 'onObservation'>;
  /** Opens the admin route under `/admin/`. */
  readonly adminToken?: string | undefined;
  /** By which host names, beside those of this machine, browsers get the operator's page. */
  readonly adminHosts?: readonly string[] | undefined;
  /** Whether logs name events. */
  readonly logIds: boolean;
  readonly log: Log;
}

/** A running proxy. */
export interface Serving {
  /** Takes nothing more, answers what has come, and ends the calls under way. */
  stop(): Promise<void>;
}

/** What broke, by its name and the system's code; its words may tell of people. */
const causeFields = (cause: unknown): LogFields => ({
  cause: cause instanceof Error ? cause.name : undefined,
  cause_code: systemCodeOf(cause),
});

/** Names events in the log, for whoever asked for it. */
const naming = (intake: Intake, log: Log): Intake => ({
  ...intake,
  async take(events) {
    const verdicts = await intake.take(events);
    for (const { id, type, offerId } of events)
      log.info('event', { id, type, offer_id: offerId, verdict: verdicts.get(id)?.kind });
    return verdicts;
  },
});

/** What the operator's page lacks, if somebody wants it and it is not there. */
const whatPageWants = ({ operators, adminToken }: ServeOptions, keepsEvents: boolean): string | undefined => {
  if (!operators && adminToken === undefined) return undefined;
  if (!keepsEvents) return 'it needs an intake that keeps events, such as --intake sqlite:intake.db';
  if (adminToken === undefined) return 'set OFFERSIGHT_ADMIN_TOKEN or --admin-token-file';
  return operators ? undefined : 'set --admin-port, such as 8788';
};

/**
 * Starts serving.
 * @throws {Failure} If an option is wrong or the port is taken.
 */
export const serve = async (options: ServeOptions): Promise<Serving> => {
  const { log, intake, path, port, host, operators, keepAliveMs } = options;
  const runtime = platformRuntime();
  const durable = isDurable(intake) ? intake : undefined;
  const watched = durable && watchReadiness(durable, runtime);
  const metrics = await createMetrics(durable);
  if (!metrics) log.info('metrics are off: add them with npm install prom-client');
  /** What the script file imports from beside itself is asked for by its plain name. */
  const files = SCRIPT_FILES.map((name) => readScriptFile(name));
  let isStopping = false;

  const make = () => {
    // First, since it can fail without leaving anything open.
    const admin: OfferAdmin | undefined =
      options.adminToken !== undefined && durable
        ? createOfferAdmin({
            intake: durable,
            token: options.adminToken,
            report: (events) => proxy.report(events),
            // Where pages of the shop report, their scripts could act in an operator's name.
            onAlert: (message, cause) => log.error(message, causeFields(cause)),
            adminHosts: operators ? [...LOOPBACK, ...(options.adminHosts ?? [])] : [],
          })
        : undefined;
    const kept = watched?.intake;
    const proxy = createOfferProxy({
      ...options.proxy,
      // Whoever may look at what was taken may look at what is shown.
      ...(options.adminToken !== undefined && { inspectSecret: options.adminToken }),
      intake: kept ? (options.logIds ? naming(kept, log) : kept) : intake,
      onAlert: (message, cause) => log.error(message, causeFields(cause)),
      onObservation(observation) {
        metrics?.observe(observation);
        const { kind, ...fields } = observation;
        log.info(
          kind,
          'durationMs' in fields ? { ...fields, durationMs: Math.round(fields.durationMs) } : fields,
        );
      },
    });
    return { proxy, admin };
  };
  const { proxy, admin } = ((): ReturnType<typeof make> => {
    try {
      return make();
    } catch (cause) {
      throw cause instanceof OffersightError ? new Failure(cause.hint) : cause;
    }
  })();
  const endpoint = toNodeListener(proxy, { path });
  const operate = createOperatorRoutes({
    site: options.proxy.site.toLowerCase(),
    metrics,
    admin,
    isReady: async () => !isStopping && (!watched || (await watched.isReady())),
  });

  const serveFiles: Routes = (target, incoming) => {
    const file = files.find(({ hashedPath, plainPath }) => target === hashedPath || target === plainPath);
    if (!file || !isReading(incoming)) return undefined;
    return (_, outgoing) => {
      outgoing.setHeader('cache-control', file.cacheControl(target));
      reply(outgoing, 200, 'text/javascript; charset=utf-8', file.body);
    };
  };

  const onFailure = (cause: unknown): void => log.error('a request failed', causeFields(cause));
  const forPages: Routes[] = [(target) => (target === path ? endpoint : undefined), serveFiles];
  const servers: Listening[] = [];
  const stop = async (): Promise<void> => {
    isStopping = true;
    // Operators are told until the end that nothing new is taken.
    for (const server of servers) await server.stop();
    await proxy.close();
  };
  try {
    const routes = operators ? forPages : [...forPages, operate];
    servers.push(await listen(listenerOf(routes, onFailure), { host, port }, keepAliveMs));
    if (operators) servers.push(await listen(listenerOf([operate], onFailure), operators, keepAliveMs));
  } catch (cause) {
    await stop();
    throw cause;
  }
  log.info('listening', {
    url: servers[0]?.url,
    operators: servers[1]?.url,
    endpoint: path,
    script: files[0]?.hashedPath,
    integrity: files[0]?.integrity,
    admin: admin !== undefined,
  });

  const wanting = whatPageWants(options, durable !== undefined);
  if (wanting !== undefined) log.info(`there is no operator's page: ${wanting}`);

  return {
    async stop() {
      log.info('stopping');
      await stop();
      log.info('stopped');
    },
  };
};
