import { expect, it } from 'vitest';
import { doublesOf, tellDoubles } from './doubles.js';
import { type Draft, delivered, historyOf, way } from './sample.js';

const { forwarded, effect, ended } = way(1);
const again = [
  { ...forwarded, number: 2 },
  { ...effect, number: 2 },
  { ...ended, number: 2 },
] as const;
const mode = (keys: 'honours' | 'ignores'): Draft => ({ kind: 'mode', keys });

it.each<[string, readonly Draft[], string]>([
  ['answered', [...delivered(1)], 'lost answers 0, counted twice 0'],
  [
    'not answered, and counted again',
    [forwarded, effect, ...again],
    'lost answers 1, counted twice 1 (1000 for 1,000 lost answers)',
  ],
  [
    'not answered clearly, and not counted again',
    [forwarded, effect, { ...ended, isAmbiguous: true }, ...delivered(3)],
    'lost answers 1, counted twice 0 (0 for 1,000 lost answers)',
  ],
])('an event that is %s counts among the doubles of ignored keys as it should', (_, drafts, words) => {
  expect(tellDoubles(doublesOf(historyOf([mode('ignores'), ...drafts])))).toBe(`keys ignored: ${words}`);
  expect(doublesOf(historyOf([mode('honours'), ...drafts]))).toEqual({ lostAnswers: 0, doubles: 0 });
});
