/** The last step of each event, which only `offersight dev` shows to a page: its mock API is on the same origin. */
import type { Runtime } from '../../runtime.js';
import type { Delivered } from './ways.js';

/** What the replies of `offersight dev` are marked with. */
const MARK = 'offersight-dev';
const STATE_PATH = '/_offersight/state';

/** Whether the endpoint's replies come from `offersight dev`. */
const isDev = (endpoint: string): boolean =>
  globalThis.performance
    .getEntriesByName(endpoint, 'resource')
    .some((entry) => (entry as PerformanceResourceTiming).serverTiming?.some(({ name }) => name === MARK));

/** Asks again. If there is no answer, nothing is known. */
export const createUpstream = (
  endpoint: string,
  runtime: Pick<Runtime, 'fetch'>,
): (() => Promise<ReadonlyMap<string, Delivered>>) => {
  let known: ReadonlyMap<string, Delivered> = new Map();
  let isThere = false;
  /** A server may pass on what the endpoint says, and nothing else. */
  let isElsewhere = false;
  return async () => {
    isThere ||= isDev(endpoint);
    if (!isThere || isElsewhere) return known;
    const response = await runtime.fetch(STATE_PATH).catch(() => undefined);
    isElsewhere = response?.status === 404;
    if (!response?.ok) return known;
    const { events } = (await response.json()) as {
      readonly events: readonly (Delivered & { readonly id: string })[];
    };
    known = new Map(events.map((event) => [event.id, event]));
    return known;
  };
};
