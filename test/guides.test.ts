import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { applicationsOf, GUIDES, parseGuide, readGuide } from '../e2e/fixtures/apps/guide.js';
import { STACKS } from '../e2e/fixtures/apps/stacks.js';

const REST =
  '```sh\nnpm install offersight\nnode server.js\nnpx offersight status --intake sqlite:offers.db\n```\n';
/** Reads a guide whose starter has one file, `main.js`. */
const parse = (text: string, isShort = false) =>
  parseGuide(`${text}\n## The rest\n${REST}`, {
    installable: new Set(['offersight', 'libsql']),
    starter: () => 'first();\nlast();\nlast();\n',
    isShort,
  });

describe('the guides', () => {
  test('are all followed by the tests', () => {
    const pages = readdirSync(GUIDES).map((file) => file.replace('.md', ''));
    expect(pages.sort()).toEqual([...STACKS.map(({ name }) => name), 'README'].sort());
  });

  test('are all listed', () => {
    const list = readFileSync(`${GUIDES}/README.md`, 'utf8');
    for (const { name } of STACKS) expect(list).toContain(`(${name}.md)`);
  });

  test.each(STACKS.map(({ name }) => name))('of %s hold nothing that is not run', (name) => {
    for (const application of applicationsOf(name))
      expect(readGuide(application).files.size).toBeGreaterThan(0);
  });

  test('that a reader can follow in part are followed in part by the tests', () => {
    const names = STACKS.map(({ name }) => name).filter((name) => applicationsOf(name).length > 1);
    expect(names).toEqual(['react', 'vue', 'svelte', 'solid', 'angular']);
  });
});

describe('reading a guide', () => {
  test('gives files by their paths, and commands without their secrets', () => {
    const { files, commands } = parse(
      '```js src/a.js\nhere();\n```\n```sh\nKEY=… npx offersight proxy --site s   # beside\n```',
    );
    expect([...files]).toEqual([['src/a.js', 'here();\n']]);
    expect(commands.proxy).toEqual(['npx offersight proxy --site s']);
  });

  test('leaves optional sections out if asked to, and otherwise lets them change what the others show', () => {
    const text =
      '```js a.js\nhere();\n```\n## Optional: more\n```js a.js\nthere();\n```\n```js b.js\nmore();\n```';
    expect([...parse(text).files]).toEqual([
      ['a.js', 'there();\n'],
      ['b.js', 'more();\n'],
    ]);
    expect([...parse(text, true).files]).toEqual([['a.js', 'here();\n']]);
  });

  test('applies a change to the file of the starter', () => {
    const { files } = parse('```diff main.js\n-first();\n+second();\n last();\n+third();\n```');
    expect([...files]).toEqual([['main.js', 'second();\nlast();\nthird();\nlast();\n']]);
  });

  test.each([
    ['a change to lines that the starter lacks', '```diff main.js\n left();\n+out();\n```', /main\.js must/],
    ['a change that fits in two places', '```diff main.js\n last();\n+more();\n```', /main\.js must/],
    ['a block that is no file', '```js\nhere();\n```', /no file/],
    ['a file shown twice', '```js a.js\n```\n```js a.js\n```', /twice/],
    ['a file shown twice by what is optional', '## Optional: a\n```js a.js\n```\n```js a.js\n```', /twice/],
    ['a command that nobody runs', '```sh\nrm -r dist\n```', /nobody would run/],
    ['a package that the starter lacks', '```sh\nnpm install left-out\n```', /left-out/],
  ])('refuses %s', (_, text, words) => {
    expect(() => parse(text)).toThrow(words);
  });

  test('refuses one without a command for what a reader has to do', () => {
    const nothing = { installable: new Set<string>(), starter: () => '', isShort: false };
    expect(() => parseGuide('```sh\nnode server.js\n```', nothing)).toThrow('install');
  });
});
