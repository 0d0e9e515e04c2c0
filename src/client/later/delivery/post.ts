/** One POST by ky: the one client room that names it. The script file has post-script.ts in its place. */
import ky from 'ky';

/** What a POST needs beside its address. */
export interface PostInit {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
  readonly redirect: RequestRedirect;
  readonly cache: RequestCache;
  readonly keepalive: boolean;
}

/** Posts once and never retries by itself. Resolves to any answer of the other side. */
export type Post = (url: string, init: PostInit) => Promise<Response>;

/** {@link Post} by ky. */
export const post: Post = (url, init) =>
  // Its own timeout would end at the headers.
  ky.post(url, { ...init, retry: 0, timeout: false, throwHttpErrors: false });
