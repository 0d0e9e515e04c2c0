/**
 * One bounded request. It sends no cookie, only the credentials that a caller gives it for one origin, and only over
 * http(s).
 */
import { createHash } from 'node:crypto';
import type { Runtime, Stop } from '../../../runtime.js';
import { type Deadline, MAX_BYTES, MAX_REDIRECTS, REQUEST_MS } from '../limits.js';
import type { Asked } from '../observed.js';

/** So much later than the request's own end it is given up. */
const SLACK_MS = 250;

/** How to ask. */
export interface AskOptions {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether redirects are followed; never with a body or a credential. */
  readonly isFollowing?: boolean;
}

/** Asks, and never rejects. The text of an answer is all that was read of it. */
export type Ask = (url: string, options?: AskOptions) => Promise<Asked>;

/** Errors of fetch have the machine's own word somewhere among their causes. */
const reasonOf = (error: unknown): string => {
  let reason = error instanceof Error ? error.name : String(error);
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string') reason = code;
    else if (at.name === 'TimeoutError') reason = 'no answer in time';
  }
  return reason;
};

interface Body {
  readonly text: string;
  readonly hashes?: readonly string[];
}

const readBody = async (response: Response): Promise<Body> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES) break;
  }
  const whole = Buffer.concat(chunks);
  const hashes = ['sha256', 'sha384', 'sha512'].map(
    (name) => `${name}-${createHash(name).update(whole).digest('base64')}`,
  );
  return { text: whole.toString('utf8'), ...(bytes <= MAX_BYTES && { hashes }) };
};

const isHttp = (url: string): boolean => /^https?:/.test(url);

/** Where a redirect leads; undefined if it may not be followed. */
const targetOf = ({ status, headers }: Response, url: string): string | undefined => {
  const location = headers.get('location');
  if (status < 300 || status > 399 || location === null || !URL.canParse(location, url)) return undefined;
  const target = new URL(location, url).href;
  return isHttp(target) ? target : undefined;
};

/** Makes what asks within a run. */
export const createAsk = (deadline: Deadline, { fetch, after }: Pick<Runtime, 'fetch' | 'after'>): Ask => {
  const askOnce = async (
    url: string,
    { method = 'GET', headers: sent = {}, body, isFollowing = false }: AskOptions,
    signal: AbortSignal,
    redirects: readonly string[],
  ): Promise<Asked> => {
    const response = await fetch(url, {
      method,
      headers: { 'user-agent': 'offersight-doctor', ...sent },
      ...(body !== undefined && { body }),
      redirect: 'manual',
      signal,
    });
    const target = targetOf(response, url);
    if (isFollowing && target !== undefined && redirects.length < MAX_REDIRECTS) {
      await response.body?.cancel();
      return askOnce(target, { method, headers: sent, isFollowing }, signal, [...redirects, url]);
    }
    const headers = Object.fromEntries(response.headers);
    return {
      kind: 'answered',
      url,
      status: response.status,
      headers,
      redirects,
      ...(await readBody(response)),
    };
  };

  return async (url, options = {}) => {
    if (!isHttp(url)) return { kind: 'failed', url, reason: 'only http and https URLs are asked' };
    const stepMs = deadline.stepMs(REQUEST_MS);
    let stop: Stop | undefined;
    try {
      return await Promise.race([
        // The signal covers redirects and the body.
        askOnce(url, options, AbortSignal.timeout(stepMs), []),
        // A body that cannot be decoded may neither end nor fail, and nothing would keep the process for the signal.
        new Promise<never>((_, reject) => {
          stop = after(stepMs + SLACK_MS, () => reject(new DOMException('', 'TimeoutError')));
        }),
      ]);
    } catch (error) {
      return { kind: 'failed', url, reason: reasonOf(error) };
    } finally {
      stop?.();
    }
  };
};
