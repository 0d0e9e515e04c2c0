/** Verdicts on their way out, and how many of them are alike. */
import type { Verdict, WireResult } from '../protocol/batch.js';

/** A verdict as the wire has it. */
export const toResult = (id: string, verdict: Verdict): WireResult => {
  const { kind, code, retryAfterMs } = { code: undefined, retryAfterMs: undefined, ...verdict };
  return {
    id,
    status: kind,
    ...(code !== undefined && { code }),
    ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }),
  };
};

/** Each that differs from the others, and how many events it stands for. */
export const counted = <Item extends object>(
  items: readonly Item[],
): readonly (Item & { readonly events: number })[] => {
  const counts = new Map<string, Item & { readonly events: number }>();
  for (const item of items) {
    const key = JSON.stringify(item);
    counts.set(key, { ...item, events: (counts.get(key)?.events ?? 0) + 1 });
  }
  return [...counts.values()];
};
