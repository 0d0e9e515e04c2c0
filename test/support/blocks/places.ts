/** The blocks of the pages about running the proxy, by their places. */
import { readFileSync } from 'node:fs';
import { blocksOf } from '../markdown.js';

/** The pages whose blocks tests run. */
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
const blocksByPlace = (page: string): ReadonlyMap<string, string> => {
  const markdown = readFileSync(page, 'utf8');
  const headings = headingsOf(markdown.split('\n'));
  const blocks = new Map<string, string>();
  for (const { language, line, text } of blocksOf(markdown)) {
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
