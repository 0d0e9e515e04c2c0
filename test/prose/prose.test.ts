/** The rules of our English know what they were made for, and read the right parts of each file. */
import { describe, expect, it } from 'vitest';
import { type Finding, lint } from '../../scripts/prose/lint.js';
import { fileOf, PAIRS } from './pairs.js';

const faultsOf = (file: string, text: string): Promise<readonly Finding[]> => lint(file, text);

const shortly = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ line, rule, kind }) => `${line} ${rule} ${kind}`);

describe('of the sentences that this product once had', () => {
  it('the rules find at least two thirds of the unreadable ones', async () => {
    const found = await Promise.all(PAIRS.map((pair) => faultsOf(...fileOf(pair, pair.before))));
    expect(found.filter((faults) => faults.length > 0).length / PAIRS.length).toBeGreaterThanOrEqual(2 / 3);
  });

  it.each(PAIRS)('“$after” passes', async (pair) => {
    expect(await faultsOf(...fileOf(pair, pair.after))).toEqual([]);
  });
});

describe('in a document', () => {
  it('the rules read paragraphs, lists, headings and cells, and skip code', async () => {
    const text = [
      '# It is told',
      'It is told, and `told` is code.',
      '- It is told.',
      '',
      '| it is told | b |\n| --- | --- |\n| is told | `told` |',
      '',
      '```\nit is told\n```',
    ].join('\n');
    expect(shortly(await faultsOf('page.md', text))).toEqual([
      '1 words heading',
      '2 words document',
      '3 words document',
      '5 words cell',
      '7 words cell',
    ]);
  });

  it('the rules read front matter, texts of images, markup, comments in code, and what a program prints', async () => {
    const text = [
      '---\ntitle: It is told\nlayout: told\n---',
      '![It is told](told.png)',
      '',
      '<!-- It is told. -->',
      '',
      '<p>The page is told of it</p>',
      '',
      '```ts\nconst told = 1; // It is told.\n```',
      '- In a list:',
      '  ```sh\n  told # It is told.\n  ```',
      '```html\n<p title="It is told of you">told</p>\n```',
      '```text\nThe page is told of it.\n```',
    ].join('\n');
    expect(shortly(await faultsOf('page.md', text))).toEqual([
      '2 words cell',
      '5 words cell',
      '7 words comment',
      '9 words message',
      '12 words comment',
      '16 words comment',
      '19 words message',
      '22 words message',
    ]);
  });

  it('a line break in a phrase hides nothing', async () => {
    expect(shortly(await faultsOf('page.md', 'It is not\nof every day.'))).toEqual(['1 words document']);
  });

  it('a second semicolon in a paragraph is a fault', async () => {
    expect(await faultsOf('page.md', 'It is one; it is two.')).toEqual([]);
    expect(shortly(await faultsOf('page.md', 'It is one; it is two; it is three.'))).toEqual([
      '1 semicolons document',
    ]);
  });

  it('a sentence of more than 35 words is a fault', async () => {
    const sentence = (words: number): string => `It is${' so'.repeat(words - 2)}.`;
    expect(await faultsOf('page.md', `${sentence(35)} ${sentence(35)}`)).toEqual([]);
    expect(shortly(await faultsOf('page.md', sentence(36)))).toEqual(['1 long-sentence document']);
  });
});

describe('in a source', () => {
  it('the rules read docstrings, comments and messages, and say where', async () => {
    const text = [
      '/**',
      ' * It is told.',
      ' * @default it is told',
      ' * @range what is told',
      ' * @example told',
      ' * @returns what is told',
      ' */',
      'export const room = "//";',
      '// It is',
      '// not of every day.',
      '// biome-ignore lint/told/told: it is told.',
      `export const shown = \`The page is \${room} told \` + "and so on.";`,
      "throw new OffersightError('code', 'Nothing of it here.');",
      "export const help = 'Give --value to npm run room, or it is told.';",
      'const regular = /told/; const short = "told";',
      "export const tag = 'It is told by the <script> of {{ name }} and not by others.';",
      "export const markup = '<p>It is told to the page and not to others.</p>';",
      "export const rule = 'p { told: is told to the page and not to others; }';",
    ].join('\n');
    expect(shortly(await faultsOf('src/room.ts', text))).toEqual([
      '2 words docstring',
      '3 words docstring',
      '4 words docstring',
      '6 words docstring',
      '10 words comment',
      '11 words comment',
      '12 words message',
      '13 hint hint',
      '14 words message',
      '16 words message',
      '17 words message',
    ]);
  });

  it('the rules read what a docstring of JavaScript says of a type, and not the type', async () => {
    const text = [
      '/**',
      ' * @param {{ is: told, of: { is: told } }} told It is told.',
      ' * @param {Map<is, told>} told',
      ' * @returns {is | told} It is told.',
      ' */',
      '/**',
      ' * It is told.',
      ' * @typedef {object} Told',
      ' * @property {readonly told[]} told It is told.',
      ' */',
      '/** @type {(is: told) => told} */',
    ].join('\n');
    expect(shortly(await faultsOf('scripts/room.mjs', text))).toEqual([
      '2 words docstring',
      '4 words docstring',
      '7 words docstring',
      '9 words docstring',
    ]);
  });

  it('the rules read titles of tests under any name, titles of groups, and no other text of a test', async () => {
    const text = [
      "describe('told', () => {",
      "  it('is told', () => { expect('the page is told that').toBe(1); });",
      "  it.each([1])('of %i', () => {});",
      `  test(\`holds \${1} at its place\`, () => {});`,
      "  test.describe('told', () => {});",
      "  browserTest('is told', async () => {});",
      `  it.each\`a\n\${1}\`("is told", () => {});`,
      "  test.step('is told', () => {});",
      '});',
    ].join('\n');
    expect(shortly(await faultsOf('test/room.test.ts', text))).toEqual([
      '1 words heading',
      '2 words title',
      '3 title title',
      '5 words heading',
      '6 words title',
      '8 words title',
    ]);
  });
});

describe('in a file of another kind', () => {
  it.each([
    [
      'page.html',
      '<p>\nThe shop is told of it, and <code>told</code> of <b>nothing</b>.</p><i>told</i>',
      '2',
    ],
    ['page.html', '<img\nalt="The shop is told of it" src="told.png">', '2'],
    ['drawing.svg', '<svg>\n<!-- It is told. -->\n</svg>', '2'],
    ['drawing.svg', '<svg>\n<desc>The shop is told of it</desc>\n</svg>', '2'],
    ['Card.vue', '<script setup lang="ts">\n// It is told.\nconst told = 1;\n</script>', '2'],
    ['Card.vue', '<template><p>{{ told }}</p></template>\n<style>\n/* It is told. */\n</style>', '3'],
    ['Card.svelte', "<script>\nconst words = 'The shop is told of it';\n</script>", '2'],
    ['page.astro', '---\n// It is told.\n---\n<p>told</p>', '2'],
    ['style.css', '.told { color: red }\n/* It is told. */', '2'],
    ['ci.yml', 'told: 1\n# It is told.\ncolor: "#told"', '2'],
    ['nginx.conf', 'told; # It is told.', '1'],
    ['Dockerfile', 'RUN told\n# It is\n# told.', '3'],
    ['.ci/run', '#!/usr/bin/env told\ntold # It is told.', '2'],
    ['.npmrc', '# It is told.', '1'],
    ['types.d.ts', '/** It is told. */\nexport declare const told: 1;', '1'],
    ['page.jsx', 'export const Page = () => (\n<p>The shop is told of it</p>\n);', '2'],
  ])('%s: the rules read what people read', async (file, text, line) => {
    const found = await faultsOf(file, text);
    expect(found.map((each) => `${each.line} ${each.rule}`)).toEqual([`${line} words`]);
  });
});
