import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GUIDES, parseGuide, readGuide } from '../e2e/fixtures/apps/guide.js';
import { STACKS } from '../e2e/fixtures/apps/stacks.js';

const REST =
  '```sh\nnpm install offersight\nnode server.js\nnpx offersight status --intake sqlite:offers.db\n```\n';
const parse = (text: string) => parseGuide(`${text}\n${REST}`, new Set(['offersight', 'libsql']));

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
    expect(readGuide(name).files.size).toBeGreaterThan(0);
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

  test.each([
    ['a block that is no file', '```js\nhere();\n```', /no file/],
    ['a file shown twice', '```js a.js\n```\n```js a.js\n```', /twice/],
    ['a command that nobody runs', '```sh\nrm -r dist\n```', /nobody would run/],
    ['a package that the starter lacks', '```sh\nnpm install left-out\n```', /left-out/],
  ])('refuses %s', (_, text, words) => {
    expect(() => parse(text)).toThrow(words);
  });

  test('refuses one without a command for what a reader has to do', () => {
    expect(() => parseGuide('```sh\nnode server.js\n```', new Set())).toThrow('install');
  });
});
