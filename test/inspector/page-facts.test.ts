import { describe, expect, test } from 'vitest';
import type { Inside } from '../../src/client/inside.js';
import type { Mark, MarkType } from '../../src/client/outbox/records.js';
import { pageFacts } from '../../src/tools/inspector/page-facts.js';
import type { Stored } from '../../src/tools/inspector/stored.js';

const NOW = 1_000_000;

const mark = (offerId: string, type: MarkType = 'accepted', until = NOW + 1): Mark => ({
  offerId,
  type,
  until,
});

/** What the panel says in a row, if it has the row. */
const wordsOf = (label: string, marks: readonly Mark[], consent = 'granted'): string | undefined => {
  const inside = {
    options: { name: 'offersight' },
    owner: { consent },
    page: { isVisible: () => true },
  } as unknown as Inside;
  const stored: Stored = { entries: [], waiting: 0, dead: [], marks, pause: undefined, readAt: 0 };
  return pageFacts(inside, stored, NOW).find((fact) => fact.label === label)?.words;
};

describe('offers that were accepted', () => {
  test('are named, also if no element shows them', () => {
    expect(wordsOf('Accepted', [mark('spring'), mark('summer')])).toBe(
      'spring, summer: closing what was accepted does not count as dismissed.',
    );
  });

  test('are counted beyond five', () => {
    const marks = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => mark(id));
    expect(wordsOf('Accepted', marks)).toMatch(/^a, b, c, d, e, 2 more: /);
    expect(wordsOf('Accepted', marks.slice(0, 5))).toMatch(/^a, b, c, d, e: /);
  });

  test('are not those that were only seen, nor those whose end is over', () => {
    expect(wordsOf('Accepted', [mark('seen', 'viewed'), mark('over', 'accepted', NOW)])).toBeUndefined();
  });
});

test('a consent that is not valid is quoted, as far as it fits', () => {
  expect(wordsOf('Consent', [], 'yes')).toBe(
    'The given consent is “yes” instead of granted, pending or denied, so nothing is stored or sent.',
  );
  expect(wordsOf('Consent', [], 'x'.repeat(50))).toContain(`“${'x'.repeat(40)}”`);
});
