/** Compares a document's table of numbered rows with the titles of the tests that show them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** One table, and how titles name its rows. */
export interface NumberedTable {
  /** The document with the table, from the repository's root. */
  readonly document: string;
  /** The word before the number at a title's end, such as `fault` in `(fault 12)`. */
  readonly word: string;
  /** How many rows it has. */
  readonly last: number;
  /** So many rows may have a reason in the place of a test. */
  readonly maxUnshown: number;
}

const UNSHOWN = /^cannot be (made|shown) here: \S/;

interface Row {
  readonly number: number;
  /** The last column: files with commas between them, or why there is no test. */
  readonly shown: string;
}

/** The rows of tables whose first column is a number. */
const rowsOf = (markdown: string): Row[] =>
  markdown.split('\n').flatMap((line) => {
    // A bar of the text itself is escaped.
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    return /^\d+$/.test(cells[1] ?? '') ? [{ number: Number(cells[1]), shown: cells.at(-2) ?? '' }] : [];
  });

/** The numbers after the word at a title's end. There may be several words, each in parentheses. */
const namedBy = (title: string, word: string): number[] => {
  const end = /(?: \([a-z]+ \d+(?:, \d+)*\))+$/.exec(title)?.[0] ?? '';
  return [...end.matchAll(/\(([a-z]+?)s? ([\d, ]+)\)/g)]
    .filter(([, named]) => named === word)
    .flatMap(([, , numbers = '']) => numbers.split(', ').map(Number));
};

/**
 * Which rows a file's tests name. Each string counts, not only those in a call of `test`: titles also come from
 * tables of cases. Comments and other code do not.
 */
const numbersNamedIn = (name: string, text: string, word: string): Set<number> => {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  const found = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateTail(node))
      for (const number of namedBy(node.text, word)) found.add(number);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

/** Every file with tests, except those that compare tables. */
const testFiles = (): string[] =>
  ['test', 'e2e']
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) =>
        join(folder, file).replaceAll('\\', '/'),
      ),
    )
    .filter(
      (file) => /\.(test|contract|spec)\.ts$/.test(file) && !/^test\/(faults|attacks)\.test/.test(file),
    );

/** Declares the tests of one table. */
export const describeNumberedTable = ({ document, word, last, maxUnshown }: NumberedTable): void => {
  const rows = rowsOf(readFileSync(document, 'utf8'));
  const named = new Map(
    testFiles().map((file) => [file, numbersNamedIn(file, readFileSync(file, 'utf8'), word)]),
  );
  const isShown = ({ shown }: Row): boolean => !UNSHOWN.test(shown);

  describe(`the table of ${word}s`, () => {
    test(`has every ${word} once, in order`, () => {
      expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: last }, (_, at) => at + 1));
    });

    test('has as many rows as the README says', () => {
      expect(readFileSync('README.md', 'utf8')).toContain(` ${rows.length} ${word}s`);
    });

    test(`names for each ${word} files with a test that names it`, () => {
      const unkept = rows.filter(isShown).flatMap(({ number, shown }) =>
        shown
          .split(', ')
          .filter((file) => !named.get(file)?.has(number))
          .map((file) => `${number}: ${file}`),
      );
      expect(unkept).toEqual([]);
    });

    test(`says of few ${word}s that they cannot be shown`, () => {
      expect(rows.filter((row) => !isShown(row)).length).toBeLessThanOrEqual(maxUnshown);
    });

    test(`knows every ${word} that a test names`, () => {
      const known = new Set(rows.map(({ number }) => number));
      const unknown = [...named].flatMap(([file, numbers]) =>
        [...numbers].filter((number) => !known.has(number)).map((number) => `${number}: ${file}`),
      );
      expect(unknown).toEqual([]);
    });
  });

  describe(`a ${word} is named`, () => {
    test('it is named only by the end of a title: of a call, of a table of cases, of a template', () => {
      const numbers = numbersNamedIn(
        'sample.ts',
        [
          `test('in a call (${word} 1)', () => {});`,
          `const cases = [['in a table (${word} 2)', 7]];`,
          `const title = (name) => \`in \${name} template (${word}s 3, 14)\`;`,
          `test('beside another word (${word} 15) (remedy 92)', () => {});`,
          `test('behind another word (remedies 93, 94) (${word} 65)', () => {});`,
          `// in a comment (${word} 5)`,
          `test('in the midst (${word} 6) of it', () => {});`,
          `test('without a number (${word})', () => {});`,
          `test('by another word (un${word} 7)', () => {});`,
        ].join('\n'),
        word,
      );
      expect([...numbers]).toEqual([1, 2, 3, 14, 15, 65]);
    });
  });
};
