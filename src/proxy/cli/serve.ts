/** `offersight proxy`: the endpoint, the script files and what operators look at, in one process. */
import { platformRuntime, type Runtime } from '../../runtime.js';
import type { NodeListener } from '../node.js';
import { setterOf } from './failure.js';
import { type Listening, listen } from './listening.js';
import { createLog } from './log.js';
import { createMetrics } from './metrics.js';
import { createOperatorRoutes } from './operator-routes.js';
import { isReading, listenerOf, type Routes, reply } from './routes.js';
import { readScriptFile, SCRIPT_FILES, type ScriptFile } from './script-file.js';
import { causeFields, type Site, type SiteOptions, startSite } from './site.js';

/** What the standalone proxy runs on. */
export interface ServeOptions extends SiteOptions {
  /** Where the log goes. */
  readonly stream: { write(text: string): unknown };
  /** What the time of draining is measured by, for tests. */
  readonly runtime?: Pick<Runtime, 'after'>;
}

/** A running proxy. */
export interface Serving {
  /** Says at `/readyz` that it ends, and still takes everything until those who send requests know that. */
  drain(): Promise<void>;
  /** Takes nothing more, answers what has come, and ends the calls under way. */
  stop(): Promise<void>;
}

/** What the operator's page lacks, if somebody wants it and it is not there. */
const whatPageWants = ({ adminPort, adminToken, place }: SiteOptions): string | undefined => {
  if (!adminPort && adminToken === undefined) return undefined;
  if (place.intake === 'direct')
    return 'it needs an intake that keeps events, such as --intake sqlite:intake.db';
  if (adminToken === undefined) return `set ${setterOf('adminToken')}`;
  return adminPort ? undefined : 'set --admin-port, such as 8788';
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

/**
 * Starts serving.
 * @throws {Failure} If an option is wrong or the port is taken.
 */
export const serve = async (options: ServeOptions): Promise<Serving> => {
  const { port, host, adminPort, keepAliveSeconds, drainSeconds, path, stream } = options;
  const { after } = options.runtime ?? platformRuntime();
  const log = createLog(stream);
  const metrics = await createMetrics();
  const files = SCRIPT_FILES.map((name) => readScriptFile(name));
  const onFailure = (cause: unknown): void => log.error('a request failed', causeFields(cause));
  const servers: Listening[] = [];
  let isStopping = false;
  let site: Site | undefined;
  let start: (listeners: readonly [pages: NodeListener, operators: NodeListener]) => void = () => undefined;
  const started: Promise<Parameters<typeof start>[0]> = new Promise((resolve) => {
    start = resolve;
  });
  /** Answers once the site has started, also what came before. */
  const whenStarted =
    (side: 0 | 1): NodeListener =>
    (incoming, outgoing) =>
      void started.then((listeners) => listeners[side](incoming, outgoing));
  const stop = async (): Promise<void> => {
    isStopping = true;
    // Operators can read until the end that nothing new is taken.
    for (const server of servers) await server.stop();
    await site?.stop();
  };
  try {
    // First, since a proxy that cannot listen must not have written its site's name into a new intake.
    const keepAliveMs = Math.round(keepAliveSeconds * 1_000);
    servers.push(await listen(whenStarted(0), { host, port }, keepAliveMs));
    if (adminPort) servers.push(await listen(whenStarted(1), adminPort, keepAliveMs));
    site = await startSite(options, { log, metrics });
  } catch (cause) {
    await stop();
    throw cause;
  }
  const { endpoint, administer } = site;
  const operate = createOperatorRoutes({
    ...{ site, metrics, name: options.site },
    isStopping: () => isStopping,
  });
  const pages: Routes[] = [(target) => (target === path ? endpoint : undefined), servingFiles(files)];
  const [ofPages, ofOperators] = adminPort ? [pages, [operate]] : [[...pages, operate], []];
  start([listenerOf(ofPages, onFailure), listenerOf(ofOperators, onFailure)]);
  if (!metrics) log.info('metrics are off: add them with npm install prom-client');
  log.info('listening', {
    url: servers[0]?.url,
    operators: servers[1]?.url,
    ...{ endpoint: path, admin: administer !== undefined },
    script: files[0]?.hashedPath,
    integrity: files[0]?.integrity,
  });
  const wanting = whatPageWants(options);
  if (wanting !== undefined) log.info(`there is no operator's page: ${wanting}`);

  return {
    async drain() {
      isStopping = true;
      if (!drainSeconds) return;
      log.info('draining', { seconds: drainSeconds });
      for (const server of servers) server.drain();
      await new Promise<void>((resolve) => {
        after(drainSeconds * 1_000, resolve);
      });
    },
    async stop() {
      log.info('stopping');
      await stop();
      log.info('stopped');
    },
  };
};
