/** Figures as a table in a terminal. */

/** Lines of cells, the first of each to the left, all others to the right. */
export const table = (rows: readonly (readonly (string | number)[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, at) =>
    rows.reduce((most, row) => Math.max(most, `${row[at] ?? ''}`.length), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, at) => (at ? `${cell}`.padStart(widths[at] ?? 0) : `${cell}`.padEnd(widths[at] ?? 0)))
      .join('  '),
  );
};
