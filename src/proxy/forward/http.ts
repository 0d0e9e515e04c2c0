/**
 * One call to the upstream: the one proxy file that names ky. Says what happened on the wire, and never shows
 * the key or an answer's text to anybody.
 */
import ky from 'ky';
import type { Runtime } from '../../runtime.js';
import { systemCodeOf } from '../alerts/cause.js';
import { patiently } from '../patience.js';

/** What happened on the wire. */
export type Call =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The API's own `api_error_code`, if the answer is JSON and has one. */
      readonly code: string | undefined;
      /** Its `error_code`, which says more precisely what is wrong. */
      readonly errorCode: string | undefined;
      readonly param: string | undefined;
      /** Whether the body is empty or JSON; a gateway's HTML page is neither. */
      readonly isApi: boolean;
      readonly body: unknown;
      /** Whether it repeats the answer to an earlier call with the same idempotency key. */
      readonly isReplay: boolean;
      readonly retryAfter: string | undefined;
    }
  /** No connection was made, so nothing was sent. */
  | { readonly kind: 'unsent'; readonly why?: string | undefined }
  /** The bytes left, or may have; no answer came. `why` is the system's code. */
  | { readonly kind: 'lost'; readonly why?: string | undefined };

export interface Upstream {
  /** Origin without a slash at its end. */
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** Below the client's own deadline of 12 s. */
const DEADLINE_MS = 8_000;
/** The most of an answer that is read, unless its API names many events in it. */
const MAX_REPLY_BYTES = 65_536;
const CODE = /^[a-z][a-z0-9_]{0,63}$/;
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const MAX_CAUSES = 8;
/** How undici says that an HTTP proxy on the way out made no connection. */
const NO_TUNNEL = /^Proxy response \(/;

/** Whether no byte of the call can have reached the upstream. */
const isUnsent = (error: unknown): boolean => {
  for (let at = error, depth = 0; at instanceof Error && depth < MAX_CAUSES; at = at.cause, depth++)
    if (NO_TUNNEL.test(at.message)) return true;
  return UNSENT.has(systemCodeOf(error) ?? '');
};

const readBounded = async (response: Response, maxBytes: number): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    text += decoder.decode(chunk, { stream: true });
    if (bytes > maxBytes) break;
  }
  return text;
};

/** A code as the API's own are; anything else could be an echo of what we sent. */
export const codeOf = (code: unknown, apiKey: string): string | undefined =>
  typeof code === 'string' && CODE.test(code) && !code.includes(apiKey.toLowerCase()) ? code : undefined;

type Parsed = Pick<Extract<Call, { kind: 'answered' }>, 'isApi' | 'code' | 'errorCode' | 'param' | 'body'>;

const parse = (text: string, apiKey: string): Parsed => {
  let body: unknown;
  let isApi = true;
  try {
    if (text) body = JSON.parse(text);
  } catch {
    isApi = false;
  }
  const { api_error_code, error_code, param } = (body ?? {}) as Readonly<Record<string, unknown>>;
  return {
    isApi,
    code: codeOf(api_error_code, apiKey),
    errorCode: codeOf(error_code, apiKey),
    param: typeof param === 'string' ? param : undefined,
    body,
  };
};

export interface Posted {
  /** Below the base URL, a constant of ours. */
  readonly path: string;
  readonly body: object;
  /** Beside authorization and type; built from validated values only. */
  readonly headers: Readonly<Record<string, string>>;
  readonly maxReplyBytes?: number;
}

const exchange = async (
  { baseUrl, apiKey }: Upstream,
  { path, body, headers, maxReplyBytes = MAX_REPLY_BYTES }: Posted,
  runtime: Pick<Runtime, 'fetch'>,
  signal: AbortSignal,
): Promise<Call> => {
  const response = await ky.post(`${baseUrl}${path}`, {
    body: JSON.stringify(body),
    headers: {
      ...headers,
      accept: 'application/json',
      authorization: `Basic ${btoa(`${apiKey}:`)}`,
      'content-type': 'application/json;charset=UTF-8',
    },
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    // Node forgets the signal of a request that was copied, as ky does, with the next garbage
    // (https://github.com/nodejs/undici/issues/4068): the call gets it once more by itself.
    fetch: (request, init) => runtime.fetch(request, { ...init, signal }),
    signal,
    redirect: 'manual',
  });
  return {
    kind: 'answered',
    status: response.status,
    ...parse(await readBounded(response, maxReplyBytes), apiKey),
    isReplay: response.headers.get('chargebee-idempotency-replayed') === 'true',
    retryAfter: response.headers.get('retry-after') ?? undefined,
  };
};

export const post = async (
  upstream: Upstream,
  posted: Posted,
  runtime: Pick<Runtime, 'after' | 'fetch'>,
): Promise<Call> => {
  const controller = new AbortController();
  // Covers the answer's body too.
  const stopTimer = patiently(runtime, DEADLINE_MS, () => controller.abort());
  try {
    return await exchange(upstream, posted, runtime, controller.signal);
  } catch (error) {
    const why = controller.signal.aborted ? 'ETIMEDOUT' : systemCodeOf(error);
    return { kind: isUnsent(error) ? 'unsent' : 'lost', why };
  } finally {
    stopTimer();
    controller.abort();
  }
};
