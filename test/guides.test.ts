import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { applyBlocks } from '../e2e/fixtures/apps/applying.js';
import { type Block, GUIDES, parseGuide, readGuide } from '../e2e/fixtures/apps/guide.js';
import { applicationsOf, STACKS, titleOf } from '../e2e/fixtures/apps/stacks.js';

const REST =
  '```sh\nnpm install offersight\nnpm run dev\nnpx offersight status --intake sqlite:offers.db\n```\n';
const installable = new Set(['offersight', 'libsql']);
/** Reads a guide as one of the two applications follows it. */
const parse = (text: string, isShort = false, modules?: 'CommonJS' | 'ES modules') =>
  parseGuide(`## The rest\n${REST}\n${text}`, { installable, isShort, modules });
const paths = ({ blocks }: { readonly blocks: readonly Block[] }) => blocks.map(({ path }) => path);

/** Applies blocks to an application that has one file, `main.js`. */
const apply = (...blocks: readonly [language: string, path: string, content: string][]) =>
  Object.fromEntries(
    applyBlocks(
      blocks.map(([language, path, content]) => ({ language, path, content })),
      (path) => (path === 'main.js' ? 'first();\nlast();\nlast();\n' : undefined),
    ),
  );

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

describe('reading a guide', () => {
  test('gives blocks in order, and commands by purpose', () => {
    const { blocks, commands } = parse(
      '```js src/a.js\nhere();\n```\n```sh\nnpx offersight proxy --site s   # beside\n```',
    );
    expect(blocks).toEqual([{ path: 'src/a.js', language: 'js', content: 'here();\n' }]);
    expect(commands.proxy).toEqual(['npx offersight proxy --site s']);
    expect(commands.server).toEqual(['npm run dev']);
  });

  test('leaves optional blocks to the application with pages of its own', () => {
    const text =
      '## Optional: more\n```js more.js\n```\n```sh\nnpm run preview\n```\n## After\n```js a.js\n```';
    expect(paths(parse(text))).toEqual(['more.js', 'a.js']);
    expect(paths(parse(text, true))).toEqual(['a.js']);
    expect(parse(text).commands.server).toEqual(['npm run preview']);
    expect(parse(text, true).commands.server).toEqual(['npm run dev']);
  });

  test('leaves the offer for trying, and the phone, to the starter', () => {
    const text =
      '## An offer to try it with\n```js card.js\n```\n## On a phone\n```js phone.js\n```\n## After\n```js a.js\n```';
    expect(paths(parse(text))).toEqual(['a.js']);
    expect(paths(parse(text, true))).toEqual(['card.js', 'phone.js', 'a.js']);
  });

  test('follows one way if a guide has two', () => {
    const text =
      '## Both\n### In CommonJS\n```js c.js\n```\n### In ES modules\n```js m.js\n```\n## After\n```js a.js\n```';
    expect(paths(parse(text, false, 'CommonJS'))).toEqual(['c.js', 'a.js']);
    expect(paths(parse(text, false, 'ES modules'))).toEqual(['m.js', 'a.js']);
  });

  test.each([
    ['a block that is no file', '```js\nhere();\n```', /no file/],
    ['a block in a list that is no file', '- text\n\n  ~~~js\n  here();\n  ~~~', /no file/],
    ['a command that nobody runs', '```sh\nrm -r dist\n```', /nobody would run/],
    ['a package that the application lacks', '```sh\nnpm install left-out\n```', /left-out/],
  ])('refuses %s', (_, text, words) => {
    expect(() => parse(text)).toThrow(words);
  });

  test('takes markup in a section of further ideas for an example', () => {
    const text = '## What else\n- text\n\n  ```html\n  <p></p>\n  ```\n';
    expect(paths(parse(text))).toEqual([]);
    expect(() => parse(text.replace('html', 'js'))).toThrow('no file');
  });

  test('refuses a guide without a command for something that a reader has to do', () => {
    expect(() => parseGuide('```sh\nnpm run dev\n```', { installable, isShort: false })).toThrow('install');
  });
});

describe('applying a guide', () => {
  test('changes a file where its lines are, and later where an earlier block left them', () => {
    expect(
      apply(
        ['diff', 'main.js', '-first();\n+second();\n last();\n+third();\n'],
        ['diff', 'main.js', '-third();\n+fourth();\n'],
      ),
    ).toEqual({ 'main.js': 'second();\nlast();\nfourth();\nlast();\n' });
  });

  test('looks for the lines after a gap only behind the lines before it', () => {
    expect(apply(['diff', 'main.js', ' first();\n last();\n …\n-last();\n+end();\n'])).toEqual({
      'main.js': 'first();\nlast();\nend();\n',
    });
  });

  test('makes new files, and adds lines without a place at the end', () => {
    expect(
      apply(
        ['js', 'a.js', 'here();\n'],
        ['diff', 'main.js', '+more();\n'],
        ['diff', '.gitignore', '+a\n+b\n'],
      ),
    ).toEqual({
      'a.js': 'here();\n',
      'main.js': 'first();\nlast();\nlast();\nmore();\n',
      '.gitignore': 'a\nb\n',
    });
  });

  test.each([
    ['to lines that the file lacks', ['diff', 'main.js', ' left();\n+out();\n'], /main\.js must/],
    ['that fits in two places', ['diff', 'main.js', ' last();\n+more();\n'], /main\.js must/],
    ['to a file that is not there', ['diff', 'a.js', ' a();\n+b();\n'], /not there/],
    ['that makes a file again', ['js', 'main.js', 'here();\n'], /there already/],
  ] as const)('refuses a change %s', (_, block, words) => {
    expect(() => apply([...block])).toThrow(words);
  });
});
