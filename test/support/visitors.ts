/** Visitors who keep reporting new events. */
import { onTestFinished } from 'vitest';
import type { Connection, OfferProxyOptions } from '../../src/proxy/index.js';
import { pageRequest, type StartedProxy, startProxy } from './proxy.js';
import { wireBody, wireEvent } from './wire.js';

/** Starts a proxy that ends with its test. */
export const start = (options: Partial<Omit<OfferProxyOptions, 'intake'>> = {}): StartedProxy => {
  const started = startProxy(options);
  onTestFinished(() => started.end());
  return started;
};

let last = 0;

/** A request's body with so many events, none like another's. */
export const body = (events = 1, fields: Record<string, unknown> = {}): string =>
  wireBody(Array.from({ length: events }, () => wireEvent(++last, fields)));

/** Posts; by default one event as one visitor with one address. */
export const post = (
  { proxy }: StartedProxy,
  text = body(),
  headers: Record<string, string> = {},
  connection: Connection = { address: '203.0.113.7' },
): Promise<Response> => proxy(pageRequest(text, headers), connection);
