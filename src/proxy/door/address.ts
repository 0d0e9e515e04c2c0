/** Which address a request counts for: the nearest one that this site's own machines vouch for. */

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

/** The eight groups of an IPv6 address; undefined for anything else. */
const groupsOf = (address: string): string[] | undefined => {
  if (!/^[\da-f:.]{2,45}$/.test(address) || !address.includes(':')) return undefined;
  // Its parser knows every spelling.
  if (!URL.canParse(`http://[${address}]`)) return undefined;
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const first = head ? head.split(':') : [];
  const last = tail ? tail.split(':') : [];
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => '0'), ...last];
};

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/**
 * The key of an address: IPv4 as it is, also where it hides in IPv6; else the first 64 bits, since one visitor has all
 * of the rest. Undefined if it is no address.
 */
export const addressKey = (written: string): string | undefined => {
  const address = bare(written);
  if (IPV4.test(address)) return address;
  const groups = groupsOf(address);
  if (!groups) return undefined;
  const isMapped = groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff';
  if (!isMapped) return `${groups.slice(0, 4).join(':')}::/64`;
  const bits = groups.slice(6).map((group) => Number.parseInt(group, 16));
  return bits.flatMap((pair) => [pair >> 8, pair & 255]).join('.');
};

/** Private, local and link-local ranges (RFC 1918, RFC 4193, RFC 3927, RFC 4291). */
export const isPrivate = (key: string): boolean =>
  /^(?:127|10)\.|^192\.168\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^0:0:0:0::|^f[cd][\da-f]{2}:|^fe[89ab][\da-f]:/.test(
    key,
  );

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
