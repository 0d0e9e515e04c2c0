/** Figures as a table in a terminal. */

/**
 * Lines of cells.
 * @param names So many columns stand to the left, all others to the right.
 */
export const table = (rows: readonly (readonly (string | number)[])[], names = 1): string[] => {
  const widths = (rows[0] ?? []).map((_, at) =>
    rows.reduce((most, row) => Math.max(most, `${row[at] ?? ''}`.length), 0),
  );
  const fit = (cell: string | number, at: number): string =>
    at < names ? `${cell}`.padEnd(widths[at] ?? 0) : `${cell}`.padStart(widths[at] ?? 0);
  return rows.map((row) => row.map(fit).join('  '));
};
