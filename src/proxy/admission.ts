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
  const isNavigation =
    headers.get('sec-fetch-mode') === 'navigate' || headers.get('sec-fetch-dest') === 'document';
  if (isNavigation) return false;
  if (site !== null) return site === 'same-origin';
  return origins.has(headers.get('origin') ?? '');
};

const JSON_TYPE = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i;

/** The body as text, whatever Content-Length says of it, or what is wrong with it. */
const readText = async (request: Request): Promise<string | { readonly code: ProblemCode }> => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const reader = request.body?.getReader();
  let text = '';
  let bytes = 0;
  for (;;) {
    let chunk: Uint8Array | undefined;
    try {
      chunk = (await reader?.read())?.value;
    } catch {
      // The sender went away; it will send the events again.
      return { code: 'incomplete' };
    }
    bytes += chunk?.length ?? 0;
    // What is too much is left where it is, not cancelled: that would cut the connection before the answer is out.
    if (bytes > MAX_REQUEST_BYTES) return { code: 'size' };
    try {
      text += decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      return { code: 'json' };
    }
    if (!chunk) return text;
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

  const text = await readText(request);
  return typeof text === 'string' ? { kind: 'admitted', text } : rejected(text.code);
};
