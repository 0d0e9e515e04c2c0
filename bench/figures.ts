/** Turns figures into text for every bench: medians, percentiles and tables. */

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** The middle value; NaN of none. */
export const median = (values: readonly number[]): number => {
  const ordered = sorted(values);
  const middle = ordered.length / 2;
  return ((ordered[Math.ceil(middle) - 1] ?? NaN) + (ordered[Math.floor(middle)] ?? NaN)) / 2;
};

/** The value that so many per cent do not exceed (nearest rank); NaN of none. */
export const percentile = (values: readonly number[], percent: number): number =>
  sorted(values)[Math.max(0, Math.ceil((percent / 100) * values.length) - 1)] ?? NaN;

/** `median (min–max)`. */
export const spread = (values: readonly number[], digits: number): string => {
  if (!values.length) return '–';
  const ordered = sorted(values);
  const [least, most] = [ordered[0] ?? NaN, ordered.at(-1) ?? NaN];
  return `${median(ordered).toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
};

/** Columns as wide as their widest cell, the first one to the left. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? title).length)),
  );
  return [head, ...rows]
    .map((row) =>
      row.map((cell, column) => cell[column ? 'padStart' : 'padEnd'](widths[column] ?? 0)).join('  '),
    )
    .join('\n');
};
