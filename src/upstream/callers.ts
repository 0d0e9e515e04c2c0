import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whether a request names its server by an address or by a loopback name. A page whose own name was made to lead to this
 * machine (DNS rebinding) cannot.
 */
export function isNamedSafely({ host = '' }: IncomingHttpHeaders): boolean {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name.replace(/^\[|\]$/g, '')) > 0;
}

/** Whether a page of another origin asks. Browsers say so; what no browser sends has neither header. */
export function isFromElsewhere(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return headers.origin !== undefined && headers.origin !== `http://${headers.host}`;
}
