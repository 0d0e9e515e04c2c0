/** What a request says of its events, read without the product's code. */
import type { RowCell } from './row.js';

/** The UTC day of a time, such as `2025-11-20`. */
export const utcDayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** A cell, when the proxy has answered. */
export const answeredAt = (cell: RowCell, at: number): RowCell => {
  const lastDay = utcDayOf(at);
  return lastDay === cell.day ? cell : { ...cell, lastDay };
};

/** By id, what the events of a request count under. */
export const cellsOf = (body: string, arrivedAt: number): ReadonlyMap<string, RowCell> => {
  const { events } = JSON.parse(body) as {
    events: readonly { readonly id: string; readonly type: string; group?: string; reason?: string }[];
  };
  const day = utcDayOf(arrivedAt);
  return new Map(events.map(({ id, type, group, reason }) => [id, { day, type, group, reason }]));
};
