/** The client's way back: reply → verdicts. Only delivery needs it, so it loads with delivery. */
import type { Verdict, WIRE_VERSION, WireReply, WireResult } from './batch.js';

/** Told again, since a value that the first load exports costs it bytes. */
const VERSION: typeof WIRE_VERSION = 1;

/** Whatever stands in a text's place counts as none. */
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
 * The verdicts of a 200 reply by event id, or undefined if this is no reply of ours: a captive portal, a cached
 * page, a truncated body. Ids that were not asked about are the caller's to ignore.
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
