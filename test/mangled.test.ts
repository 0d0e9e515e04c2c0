/** The list of properties that are shortened in the classic files has none that anybody else reads. */
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { IN_DELIVERY, IN_SCRIPT } from '../scripts/mangled.mjs';
import { roomsOf } from './support/load-graph.js';
import { type Reason, readNames } from './support/outside-names.js';

const ON_REQUEST = [
  'src/client/later/more',
  'src/client/later/debug',
  'src/tools/inspector',
  'src/tools/inspector/view',
];
const MANGLED = [...IN_SCRIPT, ...IN_DELIVERY];
const { declared, outside } = readNames();
const REASONS = Object.keys(outside) as Reason[];

describe('the names that somebody else reads are found in the sources', () => {
  const KNOWN: Readonly<Record<Reason, readonly string[]>> = {
    // These are options, an offer's settings, and properties that pages, errors and the wire have.
    public: ['dwellMs', 'maxBatchBytes', 'flushIntervalMs', 'expiresAt', 'accepted', 'hint', 'occurred_at'],
    // These are stored, shared by copies of the package, or the platform's.
    foreign: [
      'notBeforeAt',
      'lease',
      'token',
      'until',
      'triedAt',
      'maxEntries',
      'tracker',
      'isVetoed',
      'globalPrivacyControl',
    ],
    // These are written without a type, in the table of attributes, or for a tag manager.
    untyped: ['deadAt', 'dwell', 'occlusion', 'event_id'],
    text: ['dwell', 'respectGpc', 'isAbsent'],
    platform: ['boundingClientRect', 'element', 'after', 'query'],
  };

  it.each(REASONS)('they are found for the reason “%s”', (reason) => {
    expect(KNOWN[reason].filter((name) => !outside[reason].has(name))).toEqual([]);
  });
});

describe('no shortened name is one of them', () => {
  it.each(REASONS)('none is one for the reason “%s”', (reason) => {
    expect(MANGLED.filter((name) => outside[reason].has(name))).toEqual([]);
  });
});

/** All names that files use, except in types and imports. */
const wordsOf = (files: readonly string[]): ReadonlySet<string> => {
  const words = new Set<string>();
  const read = (node: ts.Node): void => {
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node))
      return;
    if (ts.isIdentifier(node)) words.add(node.text);
    ts.forEachChild(node, read);
  };
  for (const file of files)
    read(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022));
  return words;
};

it('no shortened name crosses between the script file and the file that delivers', () => {
  const delivery = wordsOf(roomsOf('src/client/later/page-delivery.ts'));
  const script = wordsOf([...roomsOf('src/script.ts'), ...roomsOf('src/client/later/later.ts')]);
  for (const words of [delivery, script]) expect(words).toContain('transact');
  expect(IN_SCRIPT.filter((name) => delivery.has(name) || !script.has(name))).toEqual([]);
  expect(IN_DELIVERY.filter((name) => script.has(name) || !delivery.has(name))).toEqual([]);
});

it('no shortened name crosses between these two and the files that they load on request', () => {
  const files = ON_REQUEST.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => `${folder}/${name}`),
  );
  const words = wordsOf(files);
  expect(words).toContain('placements');
  expect(MANGLED.filter((name) => words.has(name))).toEqual([]);
});

it('each shortened name is listed once, in order, and is a property of the sources', () => {
  for (const names of [IN_SCRIPT, IN_DELIVERY]) expect(names).toEqual([...new Set(names)].sort());
  expect(MANGLED.filter((name) => !declared.has(name))).toEqual([]);
});
