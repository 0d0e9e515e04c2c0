/**
 * What requests show of the machines before the proxy, and of browsers that do not say where a request comes from. A machine
 * that drops a header, or that all visitors share, would otherwise show only in missing events. Counts what pages post, or
 * something in their name. Addresses are kept only in memory, until a request comes when five minutes are over.
 */
import type { Runtime } from '../../runtime.js';
import type { Alert } from '../alerts/alert.js';
import { addressKey, isPrivate } from './address.js';
import type { ProblemCode } from './exchange.js';

interface Heard {
  readonly headers: Pick<Headers, 'get' | 'has'>;
  /** What it is counted under. */
  readonly address: string | undefined;
  /** Why it was not admitted. */
  readonly code: ProblemCode | undefined;
}

interface SurroundingsOptions {
  readonly trustedHops: number;
  /** Whether the host names addresses itself. */
  readonly isAddressGiven: boolean;
}

const WINDOW_MS = 300_000;
/** Fewer requests than this show nothing. */
const LEAST = 20;
/** One visitor may well be the only one for a while. */
const LEAST_OF_ONE = 200;
const MOST = 0.8;
/** More addresses than this, and none of them is most. */
const MAX_ADDRESSES = 1_000;
/** So many visitors behind each address that is counted are not one household. */
const MANY = 4;

/** Browsers without fetch metadata are few, so they show only over a longer time. */
const METADATA_WINDOW_MS = 3_600_000;
/** This share of the requests is worth an operator's time. */
const LEAST_SHARE = 0.02;
/** Fewer than this may be somebody who tries. */
const HANDFUL = 5;
/** A page of a site has one of few origins. */
const MAX_ORIGINS = 20;
/** What an alert may repeat of a request: an origin, and nothing else. */
const ORIGIN = /^https?:\/\/[\w.:[\]-]{1,253}$/;

/**
 * Counts requests that are refused since neither fetch metadata nor a listed origin says that a page sent them. It is given the
 * Origin of each of these, empty if it has none, and undefined for any other request.
 */
const watchMetadata = (
  alert: Alert,
  runtime: Pick<Runtime, 'elapsed'>,
): ((refusedOrigin: string | undefined) => void) => {
  let since = runtime.elapsed();
  let requests = 0;
  let refused = 0;
  const origins = new Map<string, number>();
  let named: string | undefined;

  /** The one that most of them have. Whoever makes requests up cannot make the alert name one after the other. */
  const mostNamed = (): string => {
    const [most] = [...origins].sort(([, one], [, other]) => other - one);
    named ??= most?.[0];
    return named ?? 'the origins of your pages';
  };

  return (refusedOrigin) => {
    if (runtime.elapsed() - since > METADATA_WINDOW_MS) {
      since = runtime.elapsed();
      requests = refused = 0;
      origins.clear();
      named = undefined;
    }
    requests++;
    if (refusedOrigin === undefined) return;
    refused++;
    const times = origins.get(refusedOrigin) ?? 0;
    if (ORIGIN.test(refusedOrigin) && (times || origins.size < MAX_ORIGINS))
      origins.set(refusedOrigin, times + 1);
    if (refused >= HANDFUL && refused >= requests * LEAST_SHARE)
      alert('noMetadata', { origins: mostNamed() });
  };
};

export const watchSurroundings = (
  { trustedHops, isAddressGiven }: SurroundingsOptions,
  alert: Alert,
  runtime: Pick<Runtime, 'elapsed'>,
): ((heard: Heard) => void) => {
  const hearMetadata = watchMetadata(alert, runtime);
  let since = runtime.elapsed();
  let requests = 0;
  let forwarded = 0;
  let notForwarded = 0;
  let further = 0;
  const addresses = new Map<string, number>();
  /** Who was before the address that is counted, as the machine there says. */
  const others = new Set<string>();

  const isMost = (count: number, least: number): boolean => requests >= least && count > requests * MOST;

  const count = (address: string): number => {
    const times = (addresses.get(address) ?? 0) + 1;
    if (times > 1 || addresses.size < MAX_ADDRESSES) addresses.set(address, times);
    return times;
  };

  return ({ headers, address, code }) => {
    // Monitors and robots ask in other ways.
    if (code !== undefined && code !== 'origin' && code !== 'budget') return;
    const lacksMetadata = code === 'origin' && !headers.has('sec-fetch-site');
    if (code !== 'origin') hearMetadata(undefined);
    else if (lacksMetadata) hearMetadata(headers.get('origin') ?? '');
    if (runtime.elapsed() - since > WINDOW_MS) {
      since = runtime.elapsed();
      requests = forwarded = notForwarded = further = 0;
      addresses.clear();
      others.clear();
    }
    requests++;
    if (isAddressGiven || code === 'origin') return;
    const entries = headers.get('x-forwarded-for')?.split(',') ?? [];
    // A direct sender may also write that header. A machine of one's own has a private address, which does not count.
    if (entries.length && address === undefined) forwarded++;
    const isShort = entries.length < trustedHops;
    if (isShort) notForwarded++;
    if (trustedHops === 0 && isMost(forwarded, LEAST)) alert('forwarded');
    if (isMost(notForwarded, LEAST)) alert('notForwarded');
    if (address === undefined) return;
    const times = count(address);
    const other = addressKey(entries.at(-trustedHops - 1) ?? '');
    if (other !== undefined) {
      further++;
      if (others.size < MAX_ADDRESSES) others.add(other);
    }
    // One visitor may have written that entry; but not most of them, all in the name of others.
    const isShared = isMost(further, LEAST) && others.size >= Math.max(LEAST, MANY * addresses.size);
    if (isShared) alert('forwarded');
    if (isShared || isShort || !isMost(times, LEAST_OF_ONE)) return;
    alert(isPrivate(address) ? 'forwarded' : 'oneAddress');
  };
};
