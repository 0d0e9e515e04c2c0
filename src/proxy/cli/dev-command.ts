/** `offersight dev`: from flags to a running mock API, and what to open and to copy. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createCallLines, createRemedies, timeOf } from '../../tools/dev/call-lines.js';
import type { Dev } from '../../tools/dev/dev.js';
import type { DevOptions } from '../../tools/dev/options.js';
import type { DevEvent } from '../../tools/dev/trail.js';
import type { Call } from '../../tools/mock-api/calls.js';
import { Failure } from './failure.js';
import type { Values } from './flags.js';

/** So many addresses are printed. */
const MOST_PAGES = 5;

/** What a person who has just started it needs next. */
const welcome = (dev: Dev, source: string, path: string): string => {
  const { isDurable, pages, url } = dev;
  const others = pages.filter((name) => name !== 'index.html').map((name) => `${url}/${encodeURI(name)}`);
  const all = pages.includes('index.html') || !others.length ? [`${url}/`, ...others] : others;
  const [first, ...more] = all.slice(0, MOST_PAGES);
  const phone = dev.lanUrl === undefined ? '' : `  on a phone    ${dev.lanUrl}/\n`;
  const operators =
    dev.operatorUrl === undefined ? '' : `  operator's    ${dev.operatorUrl}   (token ${dev.adminToken})\n`;
  const kept = isDurable
    ? 'Events are kept in a file until they are delivered, as in production.'
    : 'Events wait in the browser until they are delivered. With npm install libsql the proxy keeps them, as in production.';
  return `Offersight: a mock of Chargebee’s API. Nothing leaves this machine, and nothing is kept when you stop it.

  your pages    ${[`${first}   (${source})`, ...more].join('\n                ')}
${phone}  live page     ${dev.liveUrl}
  inspector     ${dev.liveUrl}inspect   (opens the first page with it; another one by ?path=/cart)
${operators}
In a page:
  <script async src="/offersight.js" data-endpoint="${path}" data-debug></script>
  <div data-offer-id="${dev.sampleOfferId}">An offer <button data-offer-dismiss>Close</button></div>

For your server: base URL ${dev.upstream.url}, API key ${dev.apiKey}
${kept}
Ctrl+C ends it.

`;
};

const createEventLines = (): ((event: DevEvent) => string) => {
  const remedies = createRemedies();
  return ({ at, type, offerId, state, reason }) => {
    const why = reason === undefined ? '' : `: ${reason}${remedies(reason)}`;
    return `${timeOf(at)}  ${type.padEnd(9)}  ${offerId}  ${state}${why}\n`;
  };
};

const sourceOf = (source: string): Pick<DevOptions, 'folder' | 'application'> =>
  /^https?:/.test(source) ? { application: source } : { folder: source };

/** Resolves when the process is asked to end, also by the end of its terminal. */
const ended = (): Promise<unknown> =>
  Promise.race((['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => once(process, signal)));

/**
 * Runs until the process is asked to end.
 * @throws {Failure} If anything that was given is wrong.
 */
export const runDev = async (values: Values<'dev'>, [named]: string[]): Promise<void> => {
  const { path, lan, port, anyId } = values;
  if (values.upstreamOnly) {
    if (lan !== undefined || named !== undefined)
      throw new Failure('With --upstream-only there are no pages: it takes --port and --any-id.');
    const { startMockApi } = await import('../../tools/dev/mock-api.js');
    const lineOf = createCallLines();
    let isReady = false;
    const onCall = (call: Call): void => {
      // Its own offers are made in the same way.
      if (isReady) process.stdout.write(lineOf(call));
    };
    const { upstream, apiKey, reset } = await startMockApi({ port, anyId, onCall });
    await reset();
    isReady = true;
    process.stdout.write(
      `Offersight: a mock of Chargebee’s API. Nothing leaves this machine, and nothing is kept.\n\n` +
        `base URL ${upstream.url}, API key ${apiKey}\nCtrl+C ends it.\n`,
    );
    await ended();
    return upstream.close();
  }
  const source = sourceOf(named ?? '.');
  const { startDev } = await import('../../tools/dev/dev.js');
  const lineOf = createEventLines();
  const dev = await startDev({
    ...source,
    ...(port !== undefined && { port, upstreamPort: port && port + 1 }),
    ...(lan !== undefined && { lan }),
    path,
    anyId,
    onEvent: (event) => process.stdout.write(lineOf(event)),
  });
  process.stdout.write(welcome(dev, source.application ?? resolve(source.folder ?? '.'), path));
  await ended();
  await dev.stop();
};
