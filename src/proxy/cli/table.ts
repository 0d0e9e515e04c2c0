/** Figures as a table in a terminal. */

type Cell = string | number | undefined;

/**
 * Lines of cells, a line of titles first.
 * @param titles The title of each column, by the field of its cells.
 * @param names So many columns stand to the left, all others to the right.
 */
export const table = (
  titles: Readonly<Record<string, string>>,
  rows: readonly object[],
  names = 1,
): string[] => {
  const columns = Object.keys(titles).map((name, at) => {
    const cells = [titles, ...rows].map((row) => `${(row as Readonly<Record<string, Cell>>)[name] ?? ''}`);
    const width = cells.reduce((most, { length }) => Math.max(most, length), 0);
    return cells.map((cell) => (at < names ? cell.padEnd(width) : cell.padStart(width)));
  });
  return [titles, ...rows].map((_, at) => columns.map((cells) => cells[at]).join('  '));
};
