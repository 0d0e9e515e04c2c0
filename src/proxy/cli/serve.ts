/** `offersight proxy`: endpoints, the script file and what operators look at, in one process. */
import { platformRuntime, type Runtime } from '../../runtime.js';
import { problem } from '../door/problem.js';
import { type NodeListener, toNodeListener } from '../node.js';
import { type Listening, listen, type Place } from './listening.js';
import { createLog, type Log } from './log.js';
import { createMetrics, type Metrics } from './metrics.js';
import { createOperatorRoutes } from './operator-routes.js';
import { type Answer, isReading, listenerOf, type Routes, reply } from './routes.js';
import { readScriptFile, SCRIPT_FILES, type ScriptFile } from './script-file.js';
import { causeFields, type Site, type SiteOptions, startKeptSite, startSite } from './site.js';
import { createSiteChoice } from './site-choice.js';

/** What the standalone proxy runs on. */
export interface ServeOptions extends Place {
  /** Where operators ask, if not where the endpoint is. */
  readonly operators?: Place | undefined;
  /** How long an idle connection is kept, milliseconds. */
  readonly keepAliveMs?: number | undefined;
  /** How long it still takes everything after it was asked to end, milliseconds. */
  readonly drainMs?: number | undefined;
  /** At least one. */
  readonly sites: readonly SiteOptions[];
  /** Whether they are told apart, by host or path. Otherwise there is one, and it has every host. */
  readonly isNamed: boolean;
  /** Where the log goes. */
  readonly stream: { write(text: string): unknown };
  /** What the time of draining is measured by, for tests. */
  readonly runtime?: Pick<Runtime, 'after'>;
}

/**
 * Load balancers and Kubernetes go on sending requests for a few seconds to a process that was asked to end; Docker kills it
 * after ten.
 */
const DEFAULT_DRAIN_MS = 5_000;

/** A running proxy. */
export interface Serving {
  /** Says at `/readyz` that it ends, and still takes everything until those who send requests know that. */
  drain(): Promise<void>;
  /** Takes nothing more, answers what has come, and ends the calls under way. */
  stop(): Promise<void>;
}

/** What the operator's page lacks, if somebody wants it and it is not there. */
const whatPageWants = (isApart: boolean, { adminToken, place }: SiteOptions): string | undefined => {
  if (!isApart && adminToken === undefined) return undefined;
  if (place.intake === 'direct')
    return 'it needs an intake that keeps events, such as --intake sqlite:intake.db';
  if (adminToken === undefined) return 'set OFFERSIGHT_ADMIN_TOKEN or --admin-token-file';
  return isApart ? undefined : 'set --admin-port, such as 8788';
};

/** Serves the script and what it asks for beside itself, which is under its plain name. */
const servingFiles =
  (files: readonly ScriptFile[]): Routes =>
  (target, incoming) => {
    // A page whose load of a file failed asks for it by another address.
    const path = target.replace(/\?.*/, '');
    const file = files.find(({ hashedPath, plainPath }) => path === hashedPath || path === plainPath);
    if (!file || !isReading(incoming)) return undefined;
    return (_, outgoing) => {
      outgoing.setHeader('cache-control', file.cacheControl(path));
      reply(outgoing, 200, 'text/javascript; charset=utf-8', file.body);
    };
  };

/** Starts every site, and stops those that were started if one cannot be. */
const startSites = async (
  { sites, isNamed, operators, stream }: ServeOptions,
  log: Log,
  metrics: Metrics | undefined,
): Promise<Site[]> =>
  Promise.all(
    sites.map((options) => {
      const ownLog = isNamed ? createLog(stream, { site: options.name }) : log;
      const context = { log: ownLog, metrics: metrics?.of(options.name), isApart: !!operators, isNamed };
      return (isNamed ? startKeptSite : startSite)(options, context);
    }),
  );

/** Which room answers at each port: first that of pages, then that of operators. */
const routesOf = (
  { operators, isNamed }: ServeOptions,
  sites: readonly Site[],
  files: readonly ScriptFile[],
  { metrics, isStopping }: { readonly metrics: Metrics | undefined; readonly isStopping: () => boolean },
): readonly [pages: Routes[], operators: Routes[]] => {
  const { endpointOf, isKnown, adminOf } = createSiteChoice(sites, isNamed, operators !== undefined);
  const answerMisdirected = toNodeListener(async () => problem('misdirected'));
  const misdirect: Answer = (incoming, outgoing) => {
    metrics?.misdirected();
    return answerMisdirected(incoming, outgoing);
  };
  const operate = createOperatorRoutes({ sites, isNamed, adminOf, misdirect, metrics, isStopping });
  const isForAnyHost = sites.some(({ hosts }) => !hosts.size);
  const serveFiles = servingFiles(files);
  const pages: Routes[] = [
    (target, incoming) => endpointOf(target, incoming)?.endpoint,
    (target, incoming) => (isForAnyHost || isKnown(incoming) ? serveFiles(target, incoming) : undefined),
  ];
  const others: Routes = (_, incoming) => (isKnown(incoming) ? undefined : misdirect);
  return operators ? [[...pages, others], [operate]] : [[...pages, operate, others], []];
};

/**
 * Starts serving.
 * @throws {Failure} If an option is wrong or the port is taken.
 */
export const serve = async (options: ServeOptions): Promise<Serving> => {
  const { port, host, operators, keepAliveMs, drainMs = DEFAULT_DRAIN_MS, isNamed, stream } = options;
  const { after } = options.runtime ?? platformRuntime();
  const log = createLog(stream);
  const metrics = await createMetrics(isNamed);
  const files = SCRIPT_FILES.map((name) => readScriptFile(name));
  const onFailure = (cause: unknown): void => log.error('a request failed', causeFields(cause));
  const servers: Listening[] = [];
  let isStopping = false;
  let sites: readonly Site[] = [];
  let start: (listeners: readonly [pages: NodeListener, operators: NodeListener]) => void = () => undefined;
  const started: Promise<Parameters<typeof start>[0]> = new Promise((resolve) => {
    start = resolve;
  });
  /** Answers once the sites have started, also what came before. */
  const whenStarted =
    (side: 0 | 1): NodeListener =>
    (incoming, outgoing) =>
      void started.then((listeners) => listeners[side](incoming, outgoing));
  const stop = async (): Promise<void> => {
    isStopping = true;
    // Operators can read until the end that nothing new is taken.
    for (const server of servers) await server.stop();
    await Promise.all(sites.map((site) => site.stop()));
  };
  try {
    // First, since a proxy that cannot listen must not have written its site's name into a new intake.
    servers.push(await listen(whenStarted(0), { host, port }, keepAliveMs));
    if (operators) servers.push(await listen(whenStarted(1), operators, keepAliveMs));
    sites = await startSites(options, log, metrics);
  } catch (cause) {
    await stop();
    throw cause;
  }
  const [pages, others] = routesOf(options, sites, files, { metrics, isStopping: () => isStopping });
  start([listenerOf(pages, onFailure), listenerOf(others, onFailure)]);
  if (!metrics) log.info('metrics are off: add them with npm install prom-client');
  const [only] = sites;
  log.info('listening', {
    url: servers[0]?.url,
    operators: servers[1]?.url,
    ...(isNamed
      ? { sites: sites.map(({ name }) => name).join(', ') }
      : { endpoint: only?.path, admin: only?.administer !== undefined }),
    script: files[0]?.hashedPath,
    integrity: files[0]?.integrity,
  });
  const [own] = options.sites;
  const wanting = !isNamed && own ? whatPageWants(operators !== undefined, own) : undefined;
  if (wanting !== undefined) log.info(`there is no operator's page: ${wanting}`);

  return {
    async drain() {
      isStopping = true;
      if (!drainMs) return;
      log.info('draining', { seconds: drainMs / 1_000 });
      for (const server of servers) server.drain();
      await new Promise<void>((resolve) => {
        after(drainMs, resolve);
      });
    },
    async stop() {
      log.info('stopping');
      await stop();
      log.info('stopped');
    },
  };
};
