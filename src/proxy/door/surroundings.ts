/**
 * What requests show of the machines before the proxy. One that drops a header, or that all
 * visitors share, would otherwise show only in missing events. Counts what pages post, or something
 * in their name. Addresses are kept only in memory, until a request comes when five minutes are
 * over.
 */
import type { Runtime } from '../../runtime.js';
import { ALERTS } from '../telling/alerts.js';
import { isPrivate } from './address.js';
import type { ProblemCode } from './problem.js';

/** A request that was admitted or not. */
export interface Heard {
  readonly headers: Pick<Headers, 'get' | 'has'>;
  /** What it is counted under. */
  readonly address: string | undefined;
  /** Why it was not admitted. */
  readonly code: ProblemCode | undefined;
}

/** What the host said of the machines before the proxy. */
export interface SurroundingsOptions {
  readonly trustedHops: number;
  /** Whether the host names addresses itself. */
  readonly isAddressGiven: boolean;
}

/** So much of the past counts. */
const WINDOW_MS = 300_000;
/** Fewer requests than this show nothing. */
const LEAST = 20;
/** One visitor may well be the only one for a while. */
const LEAST_OF_ONE = 200;
const MOST = 0.8;
/** More addresses than this, and none of them is most. */
const MAX_ADDRESSES = 1_000;

/** Starts listening. */
export const watchSurroundings = (
  { trustedHops, isAddressGiven }: SurroundingsOptions,
  alert: (message: string) => void,
  runtime: Pick<Runtime, 'elapsed'>,
): ((heard: Heard) => void) => {
  let since = runtime.elapsed();
  let requests = 0;
  let withoutMetadata = 0;
  let forwarded = 0;
  let notForwarded = 0;
  const addresses = new Map<string, number>();

  const isMost = (count: number, least: number): boolean => requests >= least && count > requests * MOST;

  /** Counts an address; gives how often it came. */
  const count = (address: string): number => {
    const times = (addresses.get(address) ?? 0) + 1;
    if (times > 1 || addresses.size < MAX_ADDRESSES) addresses.set(address, times);
    return times;
  };

  return ({ headers, address, code }) => {
    // Monitors and robots ask in other ways.
    if (code !== undefined && code !== 'origin' && code !== 'budget') return;
    if (runtime.elapsed() - since > WINDOW_MS) {
      since = runtime.elapsed();
      requests = withoutMetadata = forwarded = notForwarded = 0;
      addresses.clear();
    }
    requests++;
    if (code === 'origin' && !headers.has('sec-fetch-site')) withoutMetadata++;
    if (isMost(withoutMetadata, LEAST)) alert(ALERTS.noMetadata.words);
    if (isAddressGiven || code === 'origin') return;
    const entries = headers.get('x-forwarded-for')?.split(',').length ?? 0;
    // A direct sender may also write that header. A machine of one's own has a private address, which does not count.
    if (entries && address === undefined) forwarded++;
    const isShort = entries < trustedHops;
    if (isShort) notForwarded++;
    if (trustedHops === 0 && isMost(forwarded, LEAST)) alert(ALERTS.forwarded.words);
    if (isMost(notForwarded, LEAST)) alert(ALERTS.notForwarded.words);
    if (address === undefined || !isMost(count(address), LEAST_OF_ONE) || isShort) return;
    alert((isPrivate(address) ? ALERTS.forwarded : ALERTS.oneAddress).words);
  };
};
