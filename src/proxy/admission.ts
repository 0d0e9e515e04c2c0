/**
 * Who may speak to the proxy, and how much: method, origin, type, counted bytes. Nothing behind this room sees a
 * request that did not pass.
 */
import { MAX_REQUEST_BYTES } from '../protocol/limits.js';
import { type ProblemCode, problem } from './problem.js';

/** An admitted request's body, or why it was not admitted. */
export type Admission =
  | { readonly kind: 'admitted'; readonly text: string }
  | { readonly kind: 'rejected'; readonly response: Response };

const rejected = (code: ProblemCode, headers?: Readonly<Record<string, string>>): Admission => ({
  kind: 'rejected',
  response: problem(code, headers),
});

/**
 * Whether a page of this site sent the request. `Sec-Fetch-Site` cannot be set by scripts (Fetch Metadata, W3C);
 * browsers without it are known by an exact Origin. The request's own Host proves nothing and is not asked.
 */
const isFromOurPages = (headers: Headers, origins: ReadonlySet<string>): boolean => {
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin' && headers.get('sec-fetch-mode') !== 'navigate';
  return origins.has(headers.get('origin') ?? '');
};

const JSON_TYPE = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i;

/** Reads at most `maxBytes`, whatever Content-Length says; undefined if there is more. */
const readBounded = async (request: Request, maxBytes: number): Promise<Uint8Array | undefined> => {
  const bytes = new Uint8Array(maxBytes);
  let length = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return bytes.subarray(0, length);
    // Left where it is, not cancelled: that would cut the connection before the answer is out.
    if (length + value.length > maxBytes) return undefined;
    bytes.set(value, length);
    length += value.length;
  }
};

/**
 * Admits or rejects a request, cheapest check first.
 * @param origins Exact serialized origins of this site, for browsers without fetch metadata.
 */
export const admit = async (request: Request, origins: ReadonlySet<string>): Promise<Admission> => {
  const { method, headers } = request;
  if (method !== 'POST') return rejected('method', { allow: 'POST' });
  if (!isFromOurPages(headers, origins)) return rejected('origin');
  if (!JSON_TYPE.test(headers.get('content-type') ?? '')) return rejected('type');
  // Nothing here inflates, so nothing can be a bomb.
  if (headers.has('content-encoding')) return rejected('type');
  if (Number(headers.get('content-length') ?? 0) > MAX_REQUEST_BYTES) return rejected('size');

  let bytes: Uint8Array | undefined;
  try {
    bytes = await readBounded(request, MAX_REQUEST_BYTES);
  } catch {
    // The sender went away; it will send the events again.
    return rejected('incomplete');
  }
  if (!bytes) return rejected('size');
  try {
    return {
      kind: 'admitted',
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    };
  } catch {
    // Not UTF-8.
    return rejected('json');
  }
};
