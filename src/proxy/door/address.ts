/** Which address a request counts for: the nearest one that this site's own machines vouch for. */
import ipaddr from 'ipaddr.js';

/** What machines between the proxy and a browser say of themselves, in lower case. */
export const FORWARDING_HEADERS = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'forwarded',
  'via',
] as const;

/** Browsers, gateways and attackers write addresses with ports, brackets and zones. */
const bare = (written: string): string => {
  const text = written.trim().toLowerCase();
  const bracketed = /^\[([^\]]*)\]/.exec(text)?.[1];
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1];
  return (bracketed ?? withPort ?? text).replace(/%.*$/, '');
};

const MAX_LENGTH = 45;

/** Reads an address in any spelling; IPv4 also where it hides in IPv6. */
const read = (text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined =>
  text.length <= MAX_LENGTH && (ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text))
    ? ipaddr.process(text)
    : undefined;

/** The key of an address: an IPv4 as it is; else the first 64 bits, since one visitor has all of the rest. Undefined if it is no address. */
export const addressKey = (written: string): string | undefined => {
  const address = read(bare(written));
  if (!address || address instanceof ipaddr.IPv4) return address?.toString();
  const network = address.parts.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
};

/** What no visitor of the internet sends from; a load balancer may have an address that carriers share (RFC 6598). */
const OWN: ReadonlySet<string> = new Set([
  'private',
  'loopback',
  'linkLocal',
  'uniqueLocal',
  'carrierGradeNat',
  // The network of `::1`.
  'unspecified',
]);

export const isPrivate = (key: string): boolean => OWN.has(read(key.replace('/64', ''))?.range() ?? '');

/**
 * What a request is counted under; undefined if nothing vouches for anything.
 * @param socketAddress The other end of the connection.
 * @param forwardedFor The `X-Forwarded-For` header: senders before our own machines may have
 * written all of it except the last `trustedHops` entries.
 */
export const clientKey = (
  socketAddress: string | undefined,
  forwardedFor: string | null,
  trustedHops: number,
): string | undefined => {
  const socketKey = socketAddress === undefined ? undefined : addressKey(socketAddress);
  if (trustedHops > 0) {
    const entries = (forwardedFor ?? '').split(',');
    return addressKey(entries.at(-trustedHops) ?? '') ?? socketKey;
  }
  // This is a machine of the site's own, which all visitors share.
  return socketKey !== undefined && isPrivate(socketKey) ? undefined : socketKey;
};
