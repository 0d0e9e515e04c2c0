/** Code in the documents can be copied: a formatter that takes it for a paragraph breaks it without a word. */
import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { readMarkdown } from '../scripts/documents/markdown.mjs';
import { readBlocks } from './support/blocks/block.js';
import { blocksByPlace, PAGES, RUN_BY } from './support/blocks/places.js';
import { faultsOf, GIVEN, READERS } from './support/blocks/readers.js';
import { areReadByShell, hiddenFromShell, unreadByShell } from './support/blocks/shell.js';

const BLOCKS = readBlocks();
const PACKAGE = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly exports: object };

/** The faults of the blocks of a document. */
const faultsIn = (markdown: string): number[] =>
  readMarkdown(markdown).blocks.flatMap((block) => faultsOf(block).map((line) => block.line + line));

describe('code in the documents', () => {
  it('can be read by the parser of its language, line by line as it was written', () => {
    expect(BLOCKS.length).toBeGreaterThan(400);
    const shell = BLOCKS.flatMap(({ language, text }) => (language === 'sh' ? text : []));
    const readers = areReadByShell(shell)
      ? { ...READERS, sh: ({ text }: { readonly text: string }) => hiddenFromShell(text) }
      : READERS;
    const faults = BLOCKS.flatMap((block) =>
      faultsOf(block, readers).map((line) => `${block.file}:${block.line + line} ${block.language}`),
    );
    expect(faults).toEqual([]);
  });

  it('is given to the program that reads it, by a test, if it has no parser here', () => {
    for (const language of ['ini', 'sql']) {
      const given = GIVEN[language] ?? {};
      const files = BLOCKS.filter((block) => block.language === language).map(({ file }) => file);
      expect([...new Set(files)].sort()).toEqual(Object.keys(given).sort());
      for (const [file, test] of Object.entries(given)) {
        const code = readFileSync(test, 'utf8');
        expect(code).toContain(file);
        expect(code).toMatch(new RegExp(`onlyBlock\\(.*'${language}'\\)|blockAt\\(.*: ${language}'\\)`));
      }
    }
  });

  it('is run by a test, or named with a reason, on the pages about running the proxy', () => {
    expect(PAGES.flatMap((page) => [...blocksByPlace(page).keys()]).sort()).toEqual(
      Object.keys(RUN_BY).sort(),
    );
    for (const [place, by] of Object.entries(RUN_BY)) {
      // A reason is a sentence.
      if (by.endsWith('.')) continue;
      expect(readFileSync(by, 'utf8')).toContain(`'${place}'`);
    }
  });

  it('names files for Netlify that the package has', () => {
    const [block] = BLOCKS.filter(({ name }) => name === 'netlify.toml');
    const { build } = parse(block?.text ?? '') as { build: { command: string; publish: string } };
    expect(Object.keys(build)).toEqual(['command', 'publish']);
    expect(unreadByShell(build.command)).toEqual([]);
    const [, from = '', to] = /&& cp node_modules\/offersight\/(\S+) (\S+)\/$/.exec(build.command) ?? [];
    expect(to).toBe(build.publish);
    const scripts = Object.keys(PACKAGE.exports).filter((entry) => /^\.\/offersight.*\.js$/.test(entry));
    expect(scripts.length).toBeGreaterThan(3);
    const [before = '', after = ''] = from.split('*');
    for (const entry of scripts) {
      const file = entry.replace('./', 'dist/');
      expect(file.startsWith(before) && file.endsWith(after)).toBe(true);
    }
  });

  it.each([
    [
      'ts',
      "const tracker = createOfferTracker({ endpoint: '/e', }); const stop = tracker.observe(element);\nstop();",
    ],
    ['ts', "tracker.accept('a'); // accepted:\n  it can no longer be dismissed"],
    ['nginx', 'server { listen 443 ssl; location /admin/ {\n  proxy_pass http://127.0.0.1:8788;\n} }'],
    ['nginx', 'proxy_set_header Host $host; # required proxy_set_header X-Forwarded-For $remote_addr;'],
    ['sh', 'npm start # the demo npm run quick # lint'],
  ])('that was wrapped like a paragraph is found: %s', (language, text) => {
    expect(faultsOf({ language, name: '', text })).not.toEqual([]);
  });

  it.each([
    ['sh', "npx offersight doctor 'https://shop.example", 'npx offersight doctor https://shop.example'],
    ['sh', 'npm ci &&', 'npm ci &&\n  npm start'],
    ['sh', 'npm ci && # and then\n# nothing', '# nothing'],
    ['sh', 'cat file |\n', 'cat file |\n  sort'],
    ['sh', 'npm start \\', 'npm start \\\n  --silent'],
    ['json', '{ "port": 8787, }', '{ "port": 8787 }'],
    ['json', '{ "port": 8787 // here\n}', '{ "port": 8787 }'],
    ['toml', '[build]\n  command = "npm ci', '[build]\n  command = "npm ci"'],
    ['toml', '[build]\na = 1\na = 2', '[build]\na = 1\nb = 2'],
    ['yaml', 'a: [1, 2', 'a: [1, 2]'],
    ['yaml', 'a: 1\na: 2', 'a: 1\nb: 2'],
    ['http', 'Permissions-Policy unload=()', 'Permissions-Policy: unload=()'],
    ['html', '<p data-offer-id="a" data-offer-id="b">An offer</p>', '<p data-offer-id="a">An offer</p>'],
    ['html', '<article data-offer-id="a"', '<article data-offer-id="a"></article>'],
    ['html', '<article data-offer-id="a"><p>An offer</p>', '<article><p>An offer</p></article>'],
    ['html', '<p>An offer</p></article>', '<br><p>An offer</p>'],
    ['html', '<ul><li>An offer</ul>', '<ul><li>An offer</li></ul>'],
    ['html', '<script>start({ now: true );</script>', '<script>start({ now: true });</script>'],
    [
      'html',
      '<script type="importmap">{ a }</script>',
      '<script type="importmap">{ "imports": {} }</script>',
    ],
    ['html', '<p onclick="close(">An offer</p>', '<p onclick="close()">An offer</p>'],
    ['vue', '<template><p></template>', '<template><p></p></template>'],
    [
      'vue',
      '<script setup lang="ts">\nconst a = ;\n</script>\n<template><p>{{ a }}</p></template>',
      '<script setup lang="ts">\nconst a = 1;\n</script>\n<template><p>{{ a }}</p></template>',
    ],
    [
      'vue',
      '<script>\nexport default {;\n</script>\n<template><p></p></template>',
      '<script>\nexport default {};\n</script>\n<template><p></p></template>',
    ],
    ['vue', '<template><p v-if="a ="></p></template>', '<template><p v-if="a"></p></template>'],
    ['svelte', '<p>{#if offer}</p>', '{#if offer}<p></p>{/if}'],
    ['svelte', '<script lang="ts">\nlet a: = 1;\n</script>', '<script lang="ts">\nlet a = 1;\n</script>'],
    ['astro', '---\nconst a = ;\n---\n<p>{a}</p>', '---\nconst a = 1;\n---\n<p>{a}</p>'],
    ['astro', '<script>import offers</script>', "<script>import './offers';</script>"],
    ['astro', '<p>', '<p></p>'],
    ['nginx', 'server {\n  listen 80;', 'server {\n  listen 80;\n}'],
    ['nginx', 'location / {\n  root /srv;\n}\n}', 'location / {\n  root /srv;\n}'],
    ['nginx', 'location / {\n  root\n  /srv\n}', 'location / {\n  root /srv;\n}'],
    ['nginx', 'add_header A "{";\n}', 'add_header A "{ # }";'],
    [
      'apache',
      '<Location "/a">\n  Require all granted',
      '<Location "/a">\n  Require all granted\n</Location>',
    ],
    ['apache', '<A>\n<B>\n</A>\n</B>', '<A>\n<B>\n</B>\n</A>'],
    ['apache', 'ProxyPass "/a "http://b"', 'ProxyPass "/a" "http://b"'],
    ['tyepscript', 'let a = 1;', undefined],
    ['', 'let a = 1;', undefined],
  ])('that cannot be read is found: %s %j', (language, wrong, right) => {
    expect(faultsOf({ language, name: '', text: wrong })).not.toEqual([]);
    if (right !== undefined) expect(faultsOf({ language, name: '', text: right })).toEqual([]);
  });

  it.each([
    ['shop.example {\n\thandle {\n\t\tfile_server\n}', 'shop.example {\n\tfile_server\n}'],
    ['rewrite * /{re.script.1\n}', 'rewrite * /{re.script.1}'],
  ])('that cannot be read is found: Caddyfile %j', (wrong, right) => {
    const block = { language: 'text', name: 'Caddyfile' };
    expect(faultsOf({ ...block, text: wrong })).not.toEqual([]);
    expect(faultsOf({ ...block, text: right })).toEqual([]);
  });

  it.each([
    ['between tildes', 'text\n\n~~~js\nlet a = ;\n~~~\n', [4]],
    ['in a list', '- text\n\n  ```js\n  let a = ;\n  ```\n', [4]],
    ['in a quotation', '> ```js\n> let a = ;\n> ```\n', [2]],
    ['behind front matter', '---\na: b\n---\n```js\nlet a = ;\n```\n', [5]],
    ['that is not closed', 'text\n\n```sh\nnpm ci\n', [3]],
    ['that is not closed in a quotation', '> ~~~sh\n> npm ci\n\ntext\n', [1]],
    ['that another fence would close', '````text\n```\n````\n', []],
  ])('is seen %s', (_, markdown, lines) => {
    expect(faultsIn(markdown)).toEqual(lines);
  });
});
