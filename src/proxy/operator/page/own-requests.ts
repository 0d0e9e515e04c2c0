/**
 * Whose requests the operator's page answers: a browser's that asked for it by one of its own host
 * names, from itself. A name that an attacker has pointed at this machine is not among them, and no
 * other page can ask in an operator's name.
 */
import { OffersightError } from '../../../errors.js';
import { FORWARDING_HEADERS } from '../../door/address.js';

/** What the page is called where nothing else is said. */
export const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const NAME = /^(?:[a-z\d](?:[a-z\d.-]*[a-z\d])?|\[[\da-f:.]+\])$/;

/** Whether a string is a host name or an address, without scheme and port. */
export const isHostName = (name: unknown): name is string =>
  typeof name === 'string' && NAME.test(name.toLowerCase());

/**
 * Checks host names.
 * @throws {OffersightError} `configuration` if one is unusable.
 */
export const hostsOf = (given: readonly unknown[] = LOOPBACK): ReadonlySet<string> => {
  if (Array.isArray(given) && given.every(isHostName))
    return new Set(given.map((name) => name.toLowerCase()));
  throw new OffersightError(
    'configuration',
    'Set adminHosts to a list of host names without scheme and port, such as ["ops.example.com"].',
  );
};

/** Whether a request is for something that a window shows. */
export const isNavigation = ({ headers }: Request): boolean => headers.get('sec-fetch-mode') === 'navigate';

/** Whether a browser asks, and not a program. */
export const isBrowser = ({ headers }: Request): boolean =>
  headers.has('sec-fetch-site') || headers.has('origin') || /text\/html/.test(headers.get('accept') ?? '');

/** The name under which a request asks, without its port; empty if there is none. */
const hostOf = ({ headers, url }: Request): string =>
  /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(headers.get('host') ?? new URL(url).host)?.[1]?.toLowerCase() ?? '';

/**
 * Whether a request asks by one of the page's own names. A web server in front that says this machine's name in the place
 * of its own would let every name in.
 */
export const isToUs = (request: Request, hosts: ReadonlySet<string>): boolean =>
  hosts.has(hostOf(request)) &&
  !(isLoopback(request) && FORWARDING_HEADERS.some((name) => request.headers.has(name)));

/**
 * Whether a request's host is this machine itself. Every other one has to be on https: only there a
 * browser sets a cookie with the prefix that keeps other hosts from setting it.
 */
export const isLoopback = (request: Request): boolean => LOOPBACK.includes(hostOf(request));

/** From where a request comes, as the browser says. */
export type Origin = 'page' | 'elsewhere' | 'unknown';

/**
 * From where a request comes. No script can set `Sec-Fetch-Site` (Fetch Metadata, W3C); a browser without it is believed where
 * it names the page's own origin.
 */
export const originOf = (request: Request): Origin => {
  const { headers } = request;
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin' ? 'page' : 'elsewhere';
  const origin = headers.get('origin');
  if (origin === null) return 'unknown';
  return URL.canParse(origin) && new URL(origin).host === headers.get('host') ? 'page' : 'elsewhere';
};
