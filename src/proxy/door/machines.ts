/** Who says of itself that it is no visitor: crawlers, monitors, HTTP libraries. The one file that names isbot. */
import { createIsBotFromList, findBotPatterns, list } from 'isbot';
import type { Incoming } from './exchange.js';

/** What becomes of what machines report. */
export type Machines = 'ignore' | 'count';

/**
 * Leaves out patterns that recognize machines only by the shape of their name: an application of
 * the site's own that shows its pages may have such a name.
 */
const SHAPES = new Set(['Shop', 'Shop/3', 'Shop/3.1', 'Our Shop'].flatMap((name) => findBotPatterns(name)));
const isDeclared = createIsBotFromList(list.filter((pattern) => !SHAPES.has(pattern)));

/** Pages of a machine under somebody's desk: who develops drives a browser by a script. */
const LOOPBACK = /^(?:.+\.)?localhost$|^127\.0\.0\.1$|^\[::1]$/;

const isLoopback = (origin: string | null): boolean =>
  origin !== null && URL.canParse(origin) && LOOPBACK.test(new URL(origin).hostname);

/**
 * Makes the check whether a request was sent by such an agent. A request that no page sent, and that a user's token vouches
 * for, is from a site's own application, whose HTTP library names itself.
 */
export const createMachineCheck =
  (machines: Machines): ((incoming: Pick<Incoming, 'headers'>) => boolean) =>
  ({ headers }) => {
    if (machines === 'count') return false;
    const origin = headers.get('origin');
    const isFromPage = origin !== null || headers.has('sec-fetch-site');
    return isFromPage && !isLoopback(origin) && isDeclared(headers.get('user-agent'));
  };
