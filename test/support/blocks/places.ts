/** The blocks of the pages about running the proxy, by their places, and which test runs each of them. */
import { readFileSync } from 'node:fs';
import { readMarkdown } from '../../../scripts/documents/markdown.mjs';

/** The pages whose blocks are all run, or named here. */
export const PAGES = ['docs/operations.md', 'docs/postgres.md'] as const;

/** The heading above each line of a document, from 0. */
const headingsOf = (lines: readonly string[]): string[] => {
  let heading = '';
  return lines.map((line) => {
    heading = /^##+ (.*)$/.exec(line)?.[1] ?? heading;
    return heading;
  });
};

/** The blocks of a page: `PAGE, HEADING: LANGUAGE`, with a number if there are several, and what each of them has. */
export const blocksByPlace = (page: string): ReadonlyMap<string, string> => {
  const markdown = readFileSync(page, 'utf8');
  const headings = headingsOf(markdown.split('\n'));
  const blocks = new Map<string, string>();
  for (const { language, line, text } of readMarkdown(markdown).blocks) {
    const heading = headings[line - 2] ?? '';
    const place = `${page}${heading && `, ${heading}`}: ${language}`;
    let at = 1;
    while (blocks.has(at === 1 ? place : `${place} ${at}`)) at += 1;
    blocks.set(at === 1 ? place : `${place} ${at}`, text);
  }
  return blocks;
};

/**
 * What the block at a place has.
 * @throws {Error} If the page has none there.
 */
export const blockAt = (place: string): string => {
  const [page = ''] = place.split(/[,:]/, 1);
  const text = blocksByPlace(page).get(place);
  if (text === undefined) throw new Error(`There is no block at “${place}”.`);
  return text;
};

const BLOCKS = 'e2e/proxy/page-blocks.spec.ts';
const RESTORE = 'test/proxy/intake/sqlite/sqlite-restore.test.ts';
const POSTGRES = 'test/proxy/intake/postgres/postgres-docs.test.ts';

/** The test that runs each block. A block that nothing can run has the reason instead, in a sentence. */
export const RUN_BY: Readonly<Record<string, string>> = {
  'docs/operations.md: sh': BLOCKS,
  'docs/operations.md: sh 2': BLOCKS,
  'docs/operations.md, In a server of your own: ts': BLOCKS,
  'docs/operations.md, In a server of your own: ts 2': BLOCKS,
  'docs/operations.md, Looking: sh': BLOCKS,
  'docs/operations.md, Looking: ts': BLOCKS,
  'docs/operations.md, Events that your own programs saw: ts': BLOCKS,
  'docs/operations.md, Events that your own programs saw: sh': BLOCKS,
  'docs/operations.md, Usage events: ts': BLOCKS,
  'docs/operations.md, Whether Chargebee honours keys: text': 'test/proxy/cli/status.test.ts',
  'docs/operations.md, Sizing by plan: text': 'It is a formula, which nothing runs.',
  'docs/operations.md, Backing up and restoring: sh': RESTORE,
  'docs/postgres.md: ts': POSTGRES,
  'docs/postgres.md: sh': BLOCKS,
  'docs/postgres.md, The schema and the user: sql': POSTGRES,
  'docs/postgres.md, The schema and the user: sql 2': POSTGRES,
  'docs/postgres.md, Behind a pooler: ini': POSTGRES,
};
