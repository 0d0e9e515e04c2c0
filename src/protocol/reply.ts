/** The client's way back: reply → verdicts. Only delivery needs it, so it loads with delivery. */
import type { Verdict, WIRE_VERSION, WireReply, WireResult } from './batch.js';

/** Repeated here and checked by its type: importing the value would grow the seer. */
const VERSION: typeof WIRE_VERSION = 1;

/** Any other value in the place of a string counts as missing. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const toVerdict = ({ status, code, retry_after_ms: delayMs }: Partial<WireResult>): Verdict | undefined => {
  switch (status) {
    case 'accepted':
    case 'duplicate':
      return { kind: status };
    case 'refused':
      return { kind: status, code: textOf(code) };
    case 'deferred':
      return {
        kind: status,
        code: textOf(code),
        ...(Number(delayMs) > 0 && Number.isFinite(delayMs) && { retryAfterMs: Number(delayMs) }),
      };
    default:
      return undefined;
  }
};

/**
 * The verdicts of a 200 reply by event id, or undefined if this is not a reply of the proxy, but a
 * captive portal, a cached page or a truncated body. The caller has to ignore ids that it did not
 * send.
 * @param body The body's text.
 */
export const decodeReply = (body: string): Map<string, Verdict> | undefined => {
  try {
    const reply = JSON.parse(body) as Partial<WireReply>;
    if (reply.v !== VERSION) return undefined;
    const verdicts = new Map<string, Verdict>();
    for (const result of reply.results as readonly Partial<WireResult>[]) {
      const verdict = toVerdict(result);
      if (verdict && typeof result.id === 'string') verdicts.set(result.id, verdict);
    }
    return verdicts;
  } catch {
    // Not JSON, or not of this shape: the caller treats it as a lost answer.
    return undefined;
  }
};
