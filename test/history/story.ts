/** Rows as text that a person reads: one line a row, times from the first row on. */
import type { Row } from './row.js';

const short = (value: unknown): string => {
  if (typeof value === 'string')
    return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(value) ? `…${value.slice(-6)}` : value;
  if (Array.isArray(value)) return `[${value.map(short).join(' ')}]`;
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => `${short(name)}=${short(each)}`)
      .join(' ');
  return String(value);
};

const WITHOUT_DETAIL = new Set(['final-outbox', 'final-intake']);

/**
 * One row as a line.
 * @param startAt The history's first moment, epoch milliseconds.
 * @param id The event that the story is about: long lists are cut to what concerns it.
 */
export const lineOf = (row: Row, startAt: number, id?: string): string => {
  const { at, kind, ...rest } = row;
  let told: unknown = rest;
  if (id !== undefined && WITHOUT_DETAIL.has(kind)) {
    const lists = Object.values(rest) as { id: string }[][];
    told = lists.flat().find((each) => each.id === id);
  } else if (id !== undefined && kind === 'requested') {
    const { contents: _, ids, ...others } = rest as { contents?: unknown; ids: readonly string[] };
    told = { ...others, events: ids.length };
  } else if (id !== undefined && kind === 'answered') {
    const { verdicts, ...others } = rest as { verdicts?: Readonly<Record<string, unknown>> };
    told = { ...others, verdict: verdicts ? (verdicts[id] ?? 'of others') : 'none' };
  }
  return `${((at - startAt) / 1_000).toFixed(3).padStart(11)} s  ${kind.padEnd(13)} ${short(told)}`;
};
