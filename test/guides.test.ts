import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { applyBlocks } from '../e2e/fixtures/apps/applying.js';
import { GUIDES, readGuide } from '../e2e/fixtures/apps/guide.js';
import { applicationsOf, STACKS, titleOf } from '../e2e/fixtures/apps/stacks.js';

const APPLICATIONS = STACKS.flatMap(applicationsOf).map(
  (application) => [titleOf(application), application] as const,
);

describe('the guides', () => {
  test('are all followed by the tests', () => {
    const pages = readdirSync(GUIDES).map((file) => file.replace('.md', ''));
    // Two guides do not lead to an application.
    const others = ['README', 'phone'];
    expect(pages.sort()).toEqual([...new Set(STACKS.map(({ guide }) => guide)), ...others].sort());
  });

  test('are all listed', () => {
    const list = readFileSync(`${GUIDES}/README.md`, 'utf8');
    for (const { guide } of STACKS) expect(list).toContain(`(${guide}.md)`);
  });

  test.each(
    ['docs/start', 'docs/recipes'].flatMap((folder) =>
      readdirSync(folder)
        .map((file) => `${folder}/${file}`)
        .filter((file) =>
          /createOfferProxy\(|proxy --site|offersight --site/.test(readFileSync(file, 'utf8')),
        ),
    ),
  )('list the origins of pages, without which older browsers are refused: %s', (file) => {
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/(?:origins: \[|--origins .*)'?https:\/\/shop\.example/);
  });

  test.each(APPLICATIONS)('contain nothing that is not run: %s', (_, application) => {
    expect(readGuide(application).blocks.length).toBeGreaterThan(0);
  });

  test.each(APPLICATIONS)('change only lines that they have shown before: %s', (_, application) => {
    const { blocks } = readGuide(application);
    const shown = new Set(blocks.filter(({ language }) => language !== 'diff').map(({ path }) => path));
    const own = blocks.filter(({ path }) => shown.has(path));
    expect([...applyBlocks(own, () => undefined).keys()].sort()).toEqual([...shown].sort());
  });

  test.each(APPLICATIONS)('keep the files of events and of the key out of git: %s', (_, application) => {
    const { blocks } = readGuide(application);
    const ignored = blocks.filter(({ path }) => path === '.gitignore').map(({ content }) => content);
    expect(ignored.join('')).toContain('+offers.db*\n');
    expect(blocks.some(({ content }) => content.includes('PUT-YOUR-API-KEY-HERE'))).toBe(true);
  });
});
