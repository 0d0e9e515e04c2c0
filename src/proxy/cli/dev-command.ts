/** `offersight dev`: from flags to a running stand-in, and what to open and to copy. */
import type { Dev, DevOptions } from '../../dev/dev.js';
import { remedyOf } from '../../dev/reasons.js';
import type { DevEvent } from '../../dev/trail.js';
import { Failure } from './failure.js';
import { flag, portOf, read, text } from './flags.js';
import { signalled } from './proxy-command.js';

const SCRIPT_TAG = '<script async src="/offersight.js" data-endpoint="/offer-events" data-debug></script>';

/** What a person who has just started it needs next. */
const welcome = (dev: Dev, source: string, path: string): string => {
  const lines = dev.pages.filter((name) => name !== 'index.html').map((name) => `${dev.url}/${name}`);
  const pages = dev.pages.includes('index.html') || !lines.length ? [`${dev.url}/`, ...lines] : lines;
  return `Offersight: a stand-in for Chargebee. Nothing leaves this machine, and nothing is kept.

  your pages    ${pages.slice(0, 5).join('\n                ')}   (${source})
  live page     ${dev.liveUrl}

In a page:
  ${SCRIPT_TAG.replace('/offer-events', path)}
  <div data-offer-id="${dev.sampleOfferId}">An offer <button data-offer-dismiss>Close</button></div>

For your server: base URL ${dev.upstream.url}, API key ${dev.apiKey}
Ctrl+C ends it.

`;
};

const timeOf = (at: number): string => new Date(at).toLocaleTimeString('en-GB');

/** A remedy is said once. */
const createLines = (): ((event: DevEvent) => string) => {
  const said = new Set<string>();
  return ({ at, type, offerId, state, reason }) => {
    const remedy = remedyOf(reason) ?? '';
    const more = remedy && !said.has(remedy) ? `\n          ${remedy}` : '';
    said.add(remedy);
    return `${timeOf(at)}  ${type.padEnd(9)}  ${offerId}  ${state}${reason === undefined ? '' : `: ${reason}`}${more}\n`;
  };
};

const sourceOf = (positionals: readonly string[]): Pick<DevOptions, 'folder' | 'application'> => {
  const [source = '.', ...others] = positionals;
  if (others.length) throw new Failure('Give one folder or one URL. See offersight --help.');
  return /^https?:/.test(source) ? { application: source } : { folder: source };
};

/**
 * Runs until the process is asked to end.
 * @throws {Failure} If anything that was given is wrong.
 */
export const runDev = async (args: string[]): Promise<void> => {
  const { values, positionals } = read(
    args,
    {
      port: text,
      'upstream-port': text,
      path: text,
      lan: text,
      'any-id': flag,
      'upstream-only': flag,
    },
    true,
  );
  const { path = '/offer-events', lan } = values;
  if (!/^\/[\w./~-]*$/.test(path)) throw new Failure('Set --path to a path, such as /offer-events.');
  const port = portOf('port', values.port);
  const upstreamPort = portOf('upstream-port', values['upstream-port']);
  const anyId = values['any-id'] ?? false;
  if (values['upstream-only']) {
    const unused = ['port', 'path', 'lan'].find((name) => name in values);
    if (unused !== undefined || positionals.length)
      throw new Failure('With --upstream-only there are no pages: it takes --upstream-port and --any-id.');
    const { startStandIn } = await import('../../dev/stand-in.js');
    const { upstream, apiKey, reset } = await startStandIn({ port: upstreamPort, anyId });
    await reset();
    process.stdout.write(
      `Offersight: a stand-in for Chargebee. Nothing leaves this machine, and nothing is kept.\n\n` +
        `base URL ${upstream.url}, API key ${apiKey}\nCtrl+C ends it.\n`,
    );
    await signalled();
    return upstream.close();
  }
  const source = sourceOf(positionals);
  const { startDev } = await import('../../dev/dev.js');
  const lineOf = createLines();
  const dev = await startDev({
    ...source,
    ...(port !== undefined && { port }),
    ...(upstreamPort !== undefined && { upstreamPort }),
    ...(lan !== undefined && { lan }),
    path,
    anyId,
    onEvent: (event) => process.stdout.write(lineOf(event)),
  });
  process.stdout.write(welcome(dev, source.application ?? `the folder ${source.folder}`, path));
  await signalled();
  await dev.stop();
};
