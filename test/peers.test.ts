/** The README compares what trackers load. Its sizes are those that were weighed, of the packages that it names. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PEERS } from '../bench/peers/published.mjs';

interface Figure {
  /** The tracker's name in the README. */
  readonly title: string;
  /** Packages with their versions. The README links the first one. */
  readonly packages: readonly string[];
  readonly bytes: number;
}

const README = readFileSync('README.md', 'utf8');
const FIGURES = JSON.parse(readFileSync('bench/peers.json', 'utf8')) as readonly Figure[];

/** The cells of the rows of a table, by the title of its first column. */
const rowsOf = (readme: string, title: string): readonly (readonly string[])[] => {
  const lines = readme.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${title} `));
  const end = lines.findIndex((line, at) => at > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
};

const rowOf = ({ title, packages, bytes }: Figure): string => {
  const [, name = '', version = ''] = /^(.+)@([\d.]+)$/.exec(packages[0] ?? '') ?? [];
  const [minor] = /^\d+\.\d+/.exec(version) ?? [];
  const link = `[${title}](https://www.npmjs.com/package/${name}/v/${version}) ${minor}`;
  return `${link}: ${(bytes / 1000).toFixed(1)} KB`;
};

/** What a page with an offer loads by script tag. `npm run budget` compares that table with the built files. */
const ownRow = (readme: string): string => {
  const [first, , delivery] = rowsOf(readme, 'Offersight loads');
  const sum = [first, delivery].reduce((bytes, cells) => bytes + parseFloat(cells?.[2] ?? ''), 0);
  return `**Offersight**: ${sum.toFixed(1)} KB`;
};

const faultsOf = (readme: string): string[] => {
  const told = rowsOf(readme, 'tracker').map((cells) => `${cells[0]}: ${cells.at(-1)}`);
  const weighed = [ownRow(readme), ...FIGURES.map(rowOf)];
  return [...told.filter((row) => !weighed.includes(row)), ...weighed.filter((row) => !told.includes(row))];
};

it('the README’s table of trackers has the sizes that were weighed', () => {
  expect(FIGURES.length).toBeGreaterThan(3);
  expect(faultsOf(README)).toEqual([]);
});

it('the packages that `npm run bench:peers` weighs are those of its last figures', () => {
  const packages = PEERS.flatMap(({ files }) => files.map(([specifier]) => specifier));
  expect(packages).toEqual(FIGURES.flatMap((figure) => figure.packages));
});

it.each([
  ['27.4 KB', '27.3 KB'],
  ['/v/1.84.3) 1.84', '/v/1.85.0) 1.85'],
  ['| 25.4 KB  |\n', '| 13.7 KB  |\n'],
  ['| 4.7 KB   | 19.1 KB', '| 4.6 KB   | 12.6 KB'],
])('a size of the README that was not weighed is found: %j, changed to %j', (right, wrong) => {
  expect(README).toContain(right);
  expect(faultsOf(README.replace(right, wrong))).not.toEqual([]);
});
