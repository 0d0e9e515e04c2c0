/** Changes in the documents fit the files that they change, and leave code that can be read. */
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyBlocks } from '../e2e/fixtures/apps/applying.js';
import { APPS, type Block, readGuide } from '../e2e/fixtures/apps/guide.js';
import { type Application, applicationsOf, STACKS, titleOf } from '../e2e/fixtures/apps/stacks.js';
import { faultsOf } from './support/blocks/readers.js';

const APPLICATIONS = STACKS.flatMap(applicationsOf).map(
  (application) => [titleOf(application), application] as const,
);

/** Reads a file of an application before it follows the guide. A generator's own files are not here. */
const readerOf =
  ({ stack: { name }, isShort }: Application) =>
  (path: string): string | undefined =>
    (isShort ? ['starter'] : ['own', 'starter'])
      .map((overlay) => join(APPS, name, overlay, path))
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, 'utf8'))[0];

/** The files that a guide shows or changes, as far as what was there before is known. */
const filesAfter = (
  blocks: readonly Block[],
  read: (path: string) => string | undefined,
): ReadonlyMap<string, string> => {
  const shown = new Set(blocks.filter(({ language }) => language !== 'diff').map(({ path }) => path));
  return applyBlocks(
    blocks.filter(({ path }) => shown.has(path) || read(path) !== undefined),
    (path) => (shown.has(path) ? undefined : read(path)),
  );
};

/** The languages of files that have another ending than the blocks. */
const LANGUAGES: Readonly<Record<string, string>> = { mjs: 'js', conf: 'nginx' };

const faultsOfFile = ([path, text]: readonly [string, string]): string[] => {
  const ending = extname(path).slice(1);
  const language = LANGUAGES[ending] ?? ending;
  if (!/^(?:js|jsx|ts|tsx|json|html|vue|svelte|astro|nginx)$/.test(language)) return [];
  return faultsOf({ language, name: path, text }).map((line) => `${path}:${line + 1}`);
};

describe('a guide', () => {
  it.each(APPLICATIONS)('leaves code that can be read: %s', (_, application) => {
    const files = filesAfter(readGuide(application).blocks, readerOf(application));
    expect(files.size).toBeGreaterThan(0);
    expect([...files].flatMap(faultsOfFile)).toEqual([]);
  });

  const change = (content: string): (() => string[]) => {
    const block = { path: 'a.ts', language: 'diff', content };
    return () => [...filesAfter([block], () => 'const a = f(1);\nconst b = 2;\n')].flatMap(faultsOfFile);
  };

  it('that leaves code which cannot be read is found', () => {
    expect(change('-const a = f(1);\n+const a = g(1;\n')()).toEqual(['a.ts:1']);
    expect(change('-const a = f(1);\n+const a = g(1);\n')()).toEqual([]);
  });

  it('that changes lines which are not there is found', () => {
    expect(change(' const a = f(2);\n+const c = 3;\n')).toThrow('must have these lines once');
  });
});

describe('a change', () => {
  it.each([
    ['', '+one\ntwo', '+one\n two'],
    ['main.ts', " import a from 'a'\n+import offers", " import a from 'a'\n+import './offers'"],
    [
      'vite.config.ts',
      "   plugins: [vue()],\n+  server: { proxy: { '/a': 'b' },",
      "   plugins: [vue()],\n+  server: { proxy: { '/a': 'b' } },",
    ],
    ['vite.config.ts', '   plugins: [vue()],\n+  server {},', '   plugins: [vue()],\n+  server: {},'],
    ['main.js', '-start({\n+const server = start({(\n   a,', '-start({\n+const server = start({\n   a,'],
    ['App.vue', ' <template>\n+  <OfferCard>', ' <template>\n+  <OfferCard />'],
    [
      'App.vue',
      '-<article>\n+<article v-offer="a>\n </article>',
      '-<article>\n+<article v-offer="a">\n </article>',
    ],
    [
      'App.svelte',
      ' <script lang="ts">\n+  import Card from;',
      ' <script lang="ts">\n+  import Card from \'./Card.svelte\';',
    ],
    [
      'App.svelte',
      "   import A from './a';\n+  import B form './b';",
      "   import A from './a';\n+  import B from './b';",
    ],
    ['App.tsx', '   <section>\n+    <OfferCard>', '   <section>\n+    <OfferCard />'],
    ['angular.json', ' "serve": {\n+  "options": { "a" "b" },', ' "serve": {\n+  "options": { "a": "b" },'],
    ['nginx.conf', '   root /srv;\n+  add_header A b', '   root /srv;\n+  add_header A b;'],
  ])('that cannot be read is found: %s %j', (name, wrong, right) => {
    expect(faultsOf({ language: 'diff', name, text: wrong })).not.toEqual([]);
    expect(faultsOf({ language: 'diff', name, text: right })).toEqual([]);
  });
});
