/**
 * The code names pages of the documentation, in messages and in comments, and one page names files of the code. All of
 * them are there.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorOf } from '../docs/.vitepress/pages.mjs';
import { readMarkdown } from '../scripts/documents/markdown.mjs';

const SOURCES = [
  'Dockerfile',
  ...readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join('src', name)),
];

interface Named {
  readonly page: string;
  readonly anchor: string;
}

const PATH = /\bdocs\/[\w/-]+\.md/;
/** A page from the repository's root, with an anchor that is written out. */
const PAGE = new RegExp(`(${PATH.source})(?:#([\\w-]+))?`, 'g');
/** A heading by its words, before the page. */
const HEADING = new RegExp(`“([^”]+)” in (${PATH.source})`, 'g');
/** A link in words that the reference shows. */
const LINK = /\]\((\.\.\/[\w/-]+\.md)(?:#([\w-]+))?\)/g;

const namedIn = (text: string): Named[] => [
  ...[...text.matchAll(PAGE)].map(([, page = '', anchor = '']) => ({ page, anchor })),
  ...[...text.matchAll(HEADING)].map(([, heading = '', page = '']) => ({ page, anchor: anchorOf(heading) })),
  ...[...text.matchAll(LINK)].map(([, path = '', anchor = '']) => ({
    page: posix.join('docs/reference', path),
    anchor,
  })),
];

const isThere = ({ page, anchor }: Named): boolean =>
  existsSync(page) && (!anchor || readMarkdown(readFileSync(page, 'utf8')).anchors.includes(anchor));

const faultsIn = (text: string): string[] =>
  namedIn(text)
    .filter((named) => !isThere(named))
    .map(({ page, anchor }) => (anchor ? `${page}#${anchor}` : page));

describe('a page that the code names', () => {
  it('is there, with the heading', () => {
    const texts = SOURCES.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
    expect(texts.flatMap(({ text }) => namedIn(text)).length).toBeGreaterThan(8);
    expect(texts.flatMap(({ file, text }) => faultsIn(text).map((fault) => `${file}: ${fault}`))).toEqual([]);
  });

  it.each([
    ['See docs/recipes/gone.md.', 'docs/recipes/gone.md'],
    ['See docs/doctor.md#gone.', 'docs/doctor.md#gone'],
    ['See “Sizing by hand” in docs/operations.md.', 'docs/operations.md#sizing-by-hand'],
    ['See [sizing](../operations.md#sizing-by-hand).', 'docs/operations.md#sizing-by-hand'],
    ['See [sizing](../gone.md).', 'docs/gone.md'],
  ])('is missed if there is none: %s', (text, fault) => {
    expect(faultsIn(text)).toEqual([fault]);
  });
});

it('every file and folder that docs/architecture.md names is there', () => {
  const names = readFileSync('docs/architecture.md', 'utf8').match(/`[\w./-]+(?:\.tsx?|\/)`/g) ?? [];
  expect(names.length).toBeGreaterThan(20);
  const paths = readdirSync('src', { recursive: true, withFileTypes: true }).map(
    (entry) => `/${join(entry.parentPath, entry.name)}${entry.isDirectory() ? '/' : ''}`,
  );
  const named = new Set(names.map((name) => name.replaceAll('`', '')));
  expect([...named].filter((name) => !paths.some((path) => path.endsWith(`/${name}`)))).toEqual([]);
});
