/** How the code of each language is read. */
import type { Block } from './block.js';
import { scriptsIn } from './block.js';
import { faultsOfSvelte, faultsOfVue, markupOfAstro } from './components.js';
import { faultsOfHttp, faultsOfToml, faultsOfYaml } from './data.js';
import { faultsOfDiff } from './diff.js';
import { faultsOfHtml } from './html.js';
import { faultsOfScript } from './script.js';
import { faultsOfApache, faultsOfCaddy, faultsOfNginx } from './server.js';
import { hiddenFromShell, unreadByShell } from './shell.js';

/** Returns the lines of a block that are wrong, from 0. */
export type Reader = (block: Block) => number[];

const scripts: Reader = (block) => scriptsIn(block).flatMap(faultsOfScript);

/** Readers of text, and of the scripts in it. */
const withScripts =
  (read: (text: string) => number[]): Reader =>
  (block) => [...read(block.text), ...scripts(block)];

const text =
  (read: (text: string) => number[]): Reader =>
  (block) =>
    read(block.text);

const nothing: Reader = () => [];

export const READERS: Readonly<Record<string, Reader>> = {
  js: scripts,
  jsx: scripts,
  ts: scripts,
  tsx: scripts,
  json: scripts,
  html: withScripts(faultsOfHtml),
  astro: withScripts((markup) => faultsOfHtml(markupOfAstro(markup))),
  svelte: withScripts(faultsOfSvelte),
  vue: withScripts(faultsOfVue),
  diff: faultsOfDiff,
  sh: text((code) => [...unreadByShell(code), ...hiddenFromShell(code)]),
  nginx: text(faultsOfNginx),
  apache: text(faultsOfApache),
  toml: text(faultsOfToml),
  yaml: text(faultsOfYaml),
  http: text(faultsOfHttp),
  // Output and files of other kinds.
  text: (block) => (block.name === 'Caddyfile' ? faultsOfCaddy(block.text) : []),
  // Only the programs themselves read these. GIVEN says which tests give the blocks to them.
  ini: nothing,
  sql: nothing,
};

/** Each document with blocks that only a program reads, by their language, with the test that gives them to it. */
export const GIVEN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ini: {
    'docs/postgres.md': 'test/proxy/intake/postgres/postgres-docs.test.ts',
    'docs/recipes/systemd.md': 'e2e/proxy/systemd.spec.ts',
  },
  sql: { 'docs/postgres.md': 'test/proxy/intake/postgres/postgres-docs.test.ts' },
};

/** The lines of a block that are wrong, from 0. */
export const faultsOf = (block: Block & { readonly isClosed?: boolean }, readers = READERS): number[] =>
  block.isClosed === false ? [-1] : (readers[block.language]?.(block) ?? [0]);
