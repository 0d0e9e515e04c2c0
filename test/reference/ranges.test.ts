/** Each bound that the reference names is the code's: the value at it is taken, and of one beyond it becomes what is said. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readOptions } from '../../scripts/reference/pages.js';
import type { Flags } from '../../src/proxy/cli/flag-kinds.js';
import { FLAGS } from '../../src/proxy/cli/flag-table.js';
import { PROCESS, type Setting, SITE } from '../../src/proxy/cli/settings.js';
import { FLAG_PROBES } from './flag-probes.js';
import { PROBES } from './probes.js';
import { type Answer, type Range, rangeOf } from './range.js';

interface Bounded {
  readonly key: string;
  readonly range: Range;
}

const boundedBy = (key: string, words: string): readonly Bounded[] => {
  const range = rangeOf(words);
  return range ? [{ key, range }] : [];
};

const ALL: readonly Bounded[] = [
  ...readOptions()
    .flat()
    .flatMap(({ source, option }) => boundedBy(`${source.name}.${option.name}`, option.range ?? '')),
  ...Object.entries<Flags>(FLAGS).flatMap(([command, flags]) =>
    Object.entries(flags).flatMap(([flag, { range }]) => boundedBy(`${command} --${flag}`, range)),
  ),
];

const FILES = 'what the file holds is given to the option, or compared with it';

/** Ranges that are not tried here, and why. An entry that is tried, or that is gone, fails. */
const NOT_TRIED: Readonly<Record<string, string>> = {
  'TrackerOptions.outbox.maxEntries': 'it is not checked, and bounds.contract.ts shows what it does',
  'TrackerOptions.outbox.maxBytes': 'it is not checked, and bounds.contract.ts shows what it does',
  'TrackerOptions.outbox.retentionMs': 'it is not checked, and bounds.contract.ts shows what it does',
  'TrackerOptions.delivery.flushIntervalMs': 'it is not checked: a timer takes it',
  'TrackerOptions.delivery.longestPauseMs': 'it is not checked: the shorter pause counts',
  ...Object.fromEntries(
    Object.entries<Flags>(FLAGS).flatMap(([command, flags]) =>
      Object.keys(flags).flatMap((flag) => {
        return /^(?:admin-token|signing-secret)-file$/.test(flag) ? [[`${command} --${flag}`, FILES]] : [];
      }),
    ),
  ),
  'proxy --site': 'the option of the proxy checks it',
};

/** A value at a bound, or beyond it by a step. */
const valueAt = ({ isLength }: Range, bound: number): number | string =>
  isLength ? 'a'.repeat(Math.max(0, bound)) : bound;

/** What the reference says of values at the bounds and beyond them. */
const casesOf = ({ range }: Bounded): readonly (readonly [value: number | string, said: Answer])[] => {
  const { least, most, isWhole, isLength, below, above } = range;
  const step = isWhole || isLength ? 1 : 0.001;
  const cases: (readonly [number, Answer])[] = [[least, 'accepted']];
  if (!(isLength && least === 0)) cases.push([least - step, below]);
  if (most < Infinity) cases.push([most, 'accepted'], [most + step, above]);
  if (!isLength) cases.push([least + 0.5, isWhole ? 'refused' : 'accepted']);
  return cases.map(([bound, said]) => [valueAt(range, bound), said]);
};

const probes = { ...PROBES, ...FLAG_PROBES };
const shown = (value: number | string): string =>
  typeof value === 'string' ? `${value.length} characters` : `${value}`;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

describe('the ranges of the reference', () => {
  it.each(ALL.filter(({ key }) => key in probes))(
    'are those of the code: $key',
    { timeout: 120_000 },
    async (bounded) => {
      const cases = casesOf(bounded);
      const answers: string[] = [];
      for (const [value] of cases)
        answers.push(`${shown(value)}: ${await probes[bounded.key]?.(value as never)}`);
      expect(answers).toEqual(cases.map(([value, said]) => `${shown(value)}: ${said}`));
    },
  );

  it('are all tried, except those of which a reason says why not', () => {
    const untried = ALL.map(({ key }) => key).filter((key) => !(key in probes));
    expect(Object.keys(NOT_TRIED).sort()).toEqual(untried.sort());
    const known = ALL.map(({ key }) => key);
    expect(Object.keys(probes).filter((key) => !known.includes(key))).toEqual([]);
  });

  it('are those of the settings', () => {
    const settings = Object.entries<Setting>({ ...PROCESS, ...SITE }).filter(
      ([, { kind }]) => kind === 'number',
    );
    const flags = Object.fromEntries(ALL.map(({ key, range }) => [key, range]));
    for (const [name, { least = 1, most = Infinity, isWhole = false }] of settings) {
      const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      expect(flags[`proxy --${flag}`], name).toMatchObject({ least, most, isWhole });
    }
    expect(settings.length).toBeGreaterThan(8);
  });

  it.each([
    [
      '1 to 500; less counts as 1, and more is not checked',
      { least: 1, most: 500, below: 1, above: 'accepted' },
    ],
    ['`off` or milliseconds from 0; anything else counts as left out', { least: 0, below: 'left out' }],
    ['a whole number from 31', { least: 31, most: Infinity, isWhole: true, below: 'refused' }],
    ['8–200 letters, digits, `_` and `-`', { least: 8, most: 200, isLength: true }],
    ['an address of at most 300 characters', { most: 300, isLength: true }],
    ['an http origin on this machine', undefined],
  ])('are read from words: %s', (words, range) => {
    if (range) expect(rangeOf(words)).toMatchObject(range);
    else expect(rangeOf(words)).toBeUndefined();
  });
});
