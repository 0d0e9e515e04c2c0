/** A proxy over a real intake file, a clock that stands still and an upstream that only records. */

import { join } from 'node:path';
import {
  createOfferProxy,
  type Intake,
  type OfferProxy,
  type OfferProxyOptions,
} from '../../src/proxy/index.js';
import { temporaryFolder } from './intake.js';
import { requestOf } from './request-of.js';
import { type FakeRuntime, fakeRuntime } from './runtime.js';
import { intakeHere } from './sqlite.js';

/** A key that may appear only in the upstream's Authorization header. */
export const CANARY_KEY = 'live_CANARYq7Zx81vN';

/** One call that reached the upstream. */
export interface UpstreamCall {
  /** When, milliseconds after the runtime's start. */
  readonly at: number;
  readonly url: string;
  readonly key: string | null;
  body: string;
}

/** A runtime whose network is an upstream under the test's control. */
export interface UpstreamRuntime extends FakeRuntime {
  readonly calls: UpstreamCall[];
  /** What the upstream does from now on; the default is 204. */
  answer: (request: Request) => Response | Promise<Response>;
}

/** The documented answer of the API on success. */
export const noContent = (): Response => new Response(null, { status: 204 });

/** Never answers, and ends only when the caller aborts. */
export const hang = ({ signal }: Request): Promise<Response> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
  });

/** Makes a runtime whose fetch records before it answers. */
const upstreamRuntime = (): UpstreamRuntime => {
  const calls: UpstreamCall[] = [];
  const clock = fakeRuntime();
  const runtime: UpstreamRuntime = Object.assign(Object.create(clock) as FakeRuntime, {
    calls,
    answer: noContent,
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = requestOf(input, init);
      const key = request.headers.get('chargebee-idempotency-key');
      const call: UpstreamCall = { at: clock.elapsed(), url: request.url, key, body: '' };
      calls.push(call);
      call.body = await request.clone().text();
      return runtime.answer(request);
    },
  });
  return runtime;
};

/** A proxy and what a test can see of it. */
export interface StartedProxy {
  readonly proxy: OfferProxy;
  readonly intake: Intake;
  readonly runtime: UpstreamRuntime;
  readonly alerts: string[];
  end(): Promise<void>;
}

/** Starts a proxy over a file of its own. */
export const startProxy = (
  options: Partial<Omit<OfferProxyOptions, 'intake'>> & { readonly intake?: Intake } = {},
): StartedProxy => {
  const folder = temporaryFolder();
  const runtime = upstreamRuntime();
  const alerts: string[] = [];
  const intake = options.intake ?? intakeHere({ file: join(folder.path, 'intake.db') });
  const proxy = createOfferProxy({
    site: 'acme-test',
    apiKey: CANARY_KEY,
    runtime,
    onAlert: (message) => alerts.push(message),
    ...options,
    intake,
  });
  return {
    proxy,
    intake,
    runtime,
    alerts,
    async end() {
      await proxy.close();
      folder.remove();
    },
  };
};

/** A request as a page of the same origin makes it. A header that is undefined is left out. */
export const pageRequest = (
  body: RequestInit['body'] = null,
  headers: Readonly<Record<string, string | undefined>> = {},
  method = 'POST',
): Request => {
  const all = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', ...headers };
  return new Request('https://shop.example/offer-events', {
    method,
    headers: Object.entries(all).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, value]],
    ),
    ...(body !== null && { body }),
    duplex: 'half',
  } as RequestInit);
};
