/** The list of properties that are shortened in the classic files has none that anybody else reads. */
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { MANGLED } from '../scripts/mangled.mjs';
import { type Reason, readNames } from './support/outside-names.js';

const ON_REQUEST = ['src/client/later/more', 'src/client/later/debug', 'src/inspector', 'src/inspector/view'];
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

it('no shortened name crosses between the script file and the files that it loads on request', () => {
  const words = new Set<string>();
  const read = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) words.add(node.text);
    ts.forEachChild(node, read);
  };
  for (const folder of ON_REQUEST)
    for (const file of readdirSync(folder).filter((name) => /\.tsx?$/.test(name)))
      read(ts.createSourceFile(file, readFileSync(`${folder}/${file}`, 'utf8'), ts.ScriptTarget.ES2022));
  expect(words).toContain('placements');
  expect(MANGLED.filter((name) => words.has(name))).toEqual([]);
});

it('each shortened name is listed once, in order, and is a property of the sources', () => {
  expect(MANGLED).toEqual([...new Set(MANGLED)].sort());
  expect(MANGLED.filter((name) => !declared.has(name))).toEqual([]);
});
