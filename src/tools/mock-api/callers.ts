import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** Whether an address is this machine's own, which no other machine reaches. */
export function isLoopback(address = ''): boolean {
  return /^(?:::ffff:)?127\.|^::1$/.test(address);
}

const isSafeName = (name: string): boolean =>
  name === 'localhost' || name.endsWith('.localhost') || isIP(name.replace(/^\[|\]$/g, '')) > 0;

/**
 * Whether a request names its server by an address or by a loopback name. A page whose own name was made to lead to this
 * machine (DNS rebinding) cannot.
 */
export function isNamedSafely({ host = '' }: IncomingHttpHeaders): boolean {
  return isSafeName(host.replace(/:\d*$/, '').toLowerCase());
}

/** Whether a string is an http or https URL whose host is an address or a loopback name. */
export function isLocalUrl(text: string): boolean {
  try {
    const { protocol, hostname } = new URL(text);
    return (protocol === 'http:' || protocol === 'https:') && isSafeName(hostname);
  } catch {
    return false;
  }
}

/**
 * Whether a page of another origin asks, or a browser that changes something without a page. Browsers say so; what no browser
 * sends has neither header.
 */
export function isFromElsewhere({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (site === 'none') return method !== 'GET' && method !== 'HEAD';
  if (site !== undefined) return site !== 'same-origin';
  return headers.origin !== undefined && headers.origin !== `http://${headers.host}`;
}
