/** The page on privacy lists every column of the proxy's file in the row of its table, and only the file's schema makes one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FILE } from '../../e2e/fixtures/privacy-headings.js';
import { readPrivacyPage } from '../../e2e/fixtures/privacy-page.js';
import { placesOfFile } from '../../e2e/fixtures/privacy-places.js';
import { MEMORY_MS, resolveBounds } from '../../src/proxy/intake/rules.js';
import { sqliteIntake } from '../../src/proxy/intake/sqlite/sqlite.js';
import { openFile } from '../../src/proxy/intake/sqlite/sqlite-file.js';
import { admitted } from '../support/intake.js';
import { AT_THE_PROXY, nodesOf, parse, read, type Source, sourcesOf } from './sources.js';

const page = await readPrivacyPage();
const sources = sourcesOf(...AT_THE_PROXY);

describe('in the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'offersight-privacy-'));
  const file = join(folder, 'intake.db');
  beforeAll(async () => {
    const intake = sqliteIntake({ file });
    const usage = { subscriptionId: 'sub-1', properties: { offers: 1 } };
    await intake.take([admitted(1, { group: 'autumn', usage }), admitted(2, { type: 'dismissed' })]);
    await intake.status(0);
    await intake.close();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Every column as `table.column`. */
  const columns = (): string[] => [
    ...new Set(
      placesOfFile(file)
        .filter(({ kind }) => kind === 'column')
        .map(({ of, name }) => `${of}.${name}`),
    ),
  ];

  it('every column is listed in the row of its table after events were taken, and nothing else is', () => {
    expect(columns().length).toBeGreaterThan(50);
    const listed = page
      .listed(FILE, 'table')
      .flatMap((table) => page.listed(FILE, 'column', table).map((name) => `${table}.${name}`));
    expect(listed.sort()).toEqual(columns().sort());
  });

  it('one more column is missed, also one that another table has, and so is one more table', () => {
    const database = openFile(file);
    database.exec('ALTER TABLE ledger ADD COLUMN visitor TEXT; CREATE TABLE visitors (id TEXT)');
    database.close();
    expect(page.unlisted(placesOfFile(file))).toEqual([
      `${FILE}: column ledger.visitor`,
      `${FILE}: column visitors.id`,
      `${FILE}: table visitors`,
    ]);
  });
});

describe('what is about a person', () => {
  /** Names that are personal data in every table with such a column. */
  const PERSONAL = ['offerId', 'personalized_offer_id', 'subject', 'offer_id'];

  /** Rows of tables with the column, which begin with one of the names and do not say yes. */
  const deniedIn = (text: string): string[] =>
    text.split(/\n{2,}/).flatMap((block) => {
      const [head = '', , ...rows] = block.split('\n');
      if (!/\| personal data +\|$/.test(head)) return [];
      return rows.filter(
        (row) => PERSONAL.some((name) => row.startsWith(`| \`${name}\` `)) && !row.includes('**yes**'),
      );
    });

  it('is marked so in every table that says what is', () => {
    const text = read('docs/privacy.md');
    expect(deniedIn(text)).toEqual([]);
    const [row = ''] = text.split('\n').filter((line) => line.startsWith('| `subject` '));
    expect(row).toContain('**yes**');
    expect(deniedIn(text.replace(row, row.replace('**yes**', 'no')))).toHaveLength(1);
  });
});

describe('times at the proxy', () => {
  /** Every number of days in the page's part about the proxy, from the file to the end. */
  const daysIn = (text: string): string[] => [
    ...new Set(
      [...text.slice(text.indexOf(`## ${FILE}`)).matchAll(/(\d+) days\b/g)].map(([, days = '']) => days),
    ),
  ];

  it('are those for which the code keeps events and sums', () => {
    const kept = [MEMORY_MS / 86_400_000, resolveBounds({}).ledgerDays].map(String);
    const text = read('docs/privacy.md');
    expect(text).toContain(`## ${FILE}`);
    expect(daysIn(text)).toEqual(kept);
    const [, sums = ''] = kept;
    expect(daysIn(text.replace(`for ${sums} days; no offer`, 'for 40 days; no offer'))).toContain('40');
  });
});

describe('a statement that makes or changes a table', () => {
  /** Words that make a place for data in a database. Names of errors and options are not in capitals. */
  const MAKING =
    /\b(?:(?:CREATE|ALTER)\s+(?:\w+\s+)*?(?:TABLE|VIEW|SCHEMA|DATABASE)|ATTACH|VACUUM\s+INTO|SELECT\s[^;]*\sINTO|COPY\s)\b/i;
  const makersIn = (given: readonly Source[]): string[] =>
    given
      .filter(({ text }) =>
        nodesOf(parse(text))
          .filter((node) => ts.isTemplateLiteral(node) || ts.isStringLiteral(node))
          .some((node) => MAKING.test(node.getText())),
      )
      .map(({ file }) => file);

  it('is only in the files that make the schema, which the tests of both databases compare', () => {
    expect(makersIn(sources).sort()).toEqual([
      // The words of an error.
      'src/proxy/intake/postgres/postgres-failures.ts',
      'src/proxy/intake/postgres/postgres-opening.ts',
      'src/proxy/intake/sql/counting.ts',
      'src/proxy/intake/sql/dead-letters.ts',
      'src/proxy/intake/sql/fairness.ts',
      'src/proxy/intake/sql/schema.ts',
      // The words of an error.
      'src/proxy/intake/sqlite/sqlite-failures.ts',
    ]);
  });

  it.each([
    'CREATE TABLE visitors (id TEXT)',
    'create temp table visitors as select offer_id from events',
    'ALTER TABLE events ADD COLUMN visitor TEXT',
    "ATTACH 'visitors.db' AS visitors",
    "VACUUM INTO 'visitors.db'",
    'SELECT offer_id INTO visitors FROM events',
  ])('is missed anywhere else: %s', (sql) => {
    const file = 'src/proxy/intake/sql/taking.ts';
    expect(makersIn([{ file, text: `ask(\`${sql}\`)` }])).toEqual([file]);
  });
});
