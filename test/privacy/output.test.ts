/** What runs at the proxy prints and writes only where it is named here. The log is the only output of a running proxy. */
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { outsideNamesOf } from './outside-names.js';
import { AT_THE_PROXY, callsOf, lineOf, nodesOf, parse, type Source, sourcesOf } from './sources.js';

const sources = sourcesOf(...AT_THE_PROXY);

/** What can print nothing, store nothing and send nothing. */
const HARMLESS = new Set(
  [
    'Array ArrayBuffer Boolean Buffer Date Error AggregateError TypeError Infinity JSON Map Math Number Object Promise RegExp Set String Symbol',
    'Atomics Int32Array SharedArrayBuffer TextDecoder TextEncoder URL URLSearchParams Uint8Array WeakMap undefined',
    'document process.env process.pid process.on process.once process.off process.exitCode process.argv process.versions process.execArgv process.platform process.umask process.stdin process.kill',
    'AbortController Headers ReadableStream Request Response atob btoa crypto encodeURI clearTimeout setTimeout',
  ].flatMap((line) => line.split(' ')),
);
/** Commands, which print for the person who has started them. */
const COMMANDS = ['dev', 'doctor', 'funnel', 'purge', 'report', 'rows', 'status']
  .map((name) => `src/proxy/cli/${name}-command.ts`)
  .concat('src/proxy/cli/main.ts', 'src/proxy/cli/status.ts', 'src/proxy/cli.ts');
/** The only files besides that take something else of Node, with what they take. */
const TAKEN = [
  'src/proxy/cli/proxy-command.ts: process.stdout',
  'src/proxy/handler.ts: console',
  'src/proxy/node-version.ts: globalThis',
  'src/proxy/node.ts: process.emitWarning',
  // Whether it is a Worker.
  'src/proxy/resolving.ts: navigator.userAgent',
];
const takenIn = (given: readonly Source[]): string[] =>
  given
    .filter(({ file }) => !COMMANDS.includes(file))
    .flatMap(({ file, text }) =>
      outsideNamesOf(text)
        .filter((name) => !HARMLESS.has(name))
        .map((name) => `${file}: ${name}`),
    );

/** Everything that prints or answers. An intake has a method of the same name, which gets a function. */
const PRINTING = /^(?:console\.\w+|(?!driver\.)\S*\.(?:write|emitWarning))$/;
/** All of it, with its first words: the log, an answer, and what a server of the host's own prints. */
const PRINTED = [
  'src/proxy/cli/log.ts: stream.write(`{JSON.stringify({ time: new Date(at).to…)',
  "src/proxy/handler.ts: console.error(`offersight: {message}`, cause ?? '')",
  'src/proxy/node.ts: outgoing.write(body)',
  'src/proxy/node.ts: process.emitWarning(`offersight: {message}`)',
];
/** The beginning of a long text. */
const shortly = (text: string): string => {
  const plain = text.replaceAll(/\$(?=\{)/g, '');
  return plain.length < 60 ? plain : `${plain.slice(0, 40)}…`;
};
const printedBy = (given: readonly Source[]): string[] =>
  given
    .filter(({ file }) => !COMMANDS.includes(file))
    .flatMap(({ file, text }) =>
      callsOf(text, PRINTING).map(
        (call) =>
          `${file}: ${lineOf(call.expression)}(${call.arguments?.map((node) => shortly(lineOf(node))).join(', ')})`,
      ),
    );

/** What reads a file and does not write one. */
const READS = new Set([
  ...[
    'readFile',
    'readFileSync',
    'readlinkSync',
    'realpathSync',
    'existsSync',
    'statSync',
    'statfsSync',
    'BigIntStats',
    'accessSync',
    'constants',
  ],
]);
/** The names that sources import of Node's file system, or the whole of it. */
const importedOf = (text: string): string[] =>
  nodesOf(parse(text))
    .filter(ts.isStringLiteralLike)
    .filter(({ text: module }) => /^(?:node:)?fs(?:\/|$)/.test(module))
    .flatMap(({ parent }) => {
      const bindings = ts.isImportDeclaration(parent) ? parent.importClause?.namedBindings : undefined;
      return bindings && ts.isNamedImports(bindings)
        ? bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text)
        : [`(${lineOf(parent)})`];
    });

describe('what runs at the proxy', () => {
  it('takes from Node only what is harmless or named here', () => {
    expect(takenIn(sources).sort()).toEqual([...TAKEN].sort());
  });

  it.each([
    ['console.log(address)', 'console'],
    ['process.stdout.write(address)', 'process.stdout'],
    ["globalThis.process['stderr'].write(address)", 'process.stderr'],
    ['const { stdout } = process', 'process'],
    ['fetch(address)', 'fetch'],
    ['localStorage.visitor = address', 'localStorage'],
  ])('may not take one more thing: %s', (text, name) => {
    const seed = { file: 'src/proxy/door/machines.ts', text: `const address = ''; ${text}` };
    expect(takenIn([seed])).toEqual([`${seed.file}: ${name}`]);
  });

  it('prints only its log and what is named here', () => {
    expect(printedBy(sources).sort()).toEqual([...PRINTED].sort());
    const file = 'src/proxy/handler.ts';
    expect(printedBy([{ file, text: 'console.error(address)' }])).toEqual([
      `${file}: console.error(address)`,
    ]);
  });

  it('imports from the file system only what reads', () => {
    expect(sources.flatMap(({ text }) => importedOf(text)).filter((name) => !READS.has(name))).toEqual([]);
    expect(importedOf("import { appendFileSync } from 'node:fs'")).toEqual(['appendFileSync']);
    expect(importedOf("const fs = await import('node:fs')")).toEqual(["(import('node:fs'))"]);
  });
});
