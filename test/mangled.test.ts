/** The list of properties that are shortened in the classic files holds nothing that anybody else reads. */
import { describe, expect, it } from 'vitest';
import { MANGLED } from '../scripts/mangled.mjs';
import { type Reason, readNames } from './support/outside-names.js';

const { declared, outside } = readNames();
const REASONS = Object.keys(outside) as Reason[];

describe('the names that somebody else reads are found in the sources', () => {
  const KNOWN: Readonly<Record<Reason, readonly string[]>> = {
    // Options, an offer's settings, what a page gets, what an error has, what is on the wire.
    public: ['dwellMs', 'maxBatchBytes', 'flushIntervalMs', 'expiresAt', 'accepted', 'hint', 'occurred_at'],
    // What is stored, what copies of the package share, what the platform has.
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
    // What is written without a type, the table of attributes, what a tag manager gets.
    untyped: ['deadAt', 'dwell', 'occlusion', 'event_id'],
    text: ['dwell', 'respectGpc', 'isAbsent'],
    platform: ['boundingClientRect', 'element', 'after', 'query'],
  };

  it.each(REASONS)('for the reason “%s”', (reason) => {
    expect(KNOWN[reason].filter((name) => !outside[reason].has(name))).toEqual([]);
  });
});

describe('no shortened name is one of them', () => {
  it.each(REASONS)('for the reason “%s”', (reason) => {
    expect(MANGLED.filter((name) => outside[reason].has(name))).toEqual([]);
  });
});

it('each shortened name is listed once, in order, and is a property of the sources', () => {
  expect(MANGLED).toEqual([...new Set(MANGLED)].sort());
  expect(MANGLED.filter((name) => !declared.has(name))).toEqual([]);
});
