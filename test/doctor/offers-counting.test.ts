import { describe, expect, it } from 'vitest';
import type { BrowserSeen, ShownOffer } from '../../src/tools/doctor/observed.js';
import { judge } from '../../src/tools/doctor/rules/rules.js';
import { browser, ENDPOINT, evidenceOf, found, offer, seen } from './seen.js';

describe('offers that show, and do not count as they should', () => {
  const worded = (text: string, given: Partial<ShownOffer> = {}) => offer('a52ge40b', {}, { text, ...given });

  it('are one offer if they have one id: three of a loop are doubted, two and others are noted', () => {
    const offers = [worded('One month'), worded('Two months'), worded('Three months')];
    expect(found(seen({ browser: browser({ offers }) }))).toEqual(['warning offer-repeated']);
    expect(evidenceOf(seen({ browser: browser({ offers }) }))).toContain('reads “Two months”');
    expect(found(seen({ browser: browser({ offers: offers.slice(1) }) }))).toEqual(['note offer-repeated']);
    const places = [...offers.slice(1), worded('One month', { markup: '<aside data-offer-id="a52ge40b">' })];
    expect(found(seen({ browser: browser({ offers: places }) }))).toEqual(['note offer-repeated']);
    expect(judge(seen({ browser: browser({ offers }) })).fine).toContain(
      '1 offer has an id that Chargebee can take, in 3 elements.',
    );
  });

  it('are fine as copies, as one element in another, without words, or hidden', () => {
    const fine = [
      [worded('One month'), worded('One month'), worded('One month')],
      [
        worded('One month free now'),
        worded('One month', { isInner: true }),
        worded('now', { isInner: true }),
      ],
      [worded(''), worded('One month'), worded('')],
      [worded('One month'), offer('a52ge40b', { hiddenBy: '<p> by display: none' }, { text: 'Two' })],
    ];
    for (const offers of fine)
      expect(found(seen({ browser: browser({ offers }) }))).not.toContainEqual(
        expect.stringContaining('offer-repeated'),
      );
  });

  const silent = (replaced: number, given: Partial<BrowserSeen> = {}) =>
    browser({
      silent: { markup: '<p data-offer-id="a52ge40b">', forMs: 3_012, replaced, hasTimers: true },
      ...given,
    });

  it('are wrong if timers of the page do not run', () => {
    const seenSilent = {
      markup: '<p data-offer-id="a52ge40b">',
      forMs: 3_012,
      replaced: 0,
      hasTimers: false,
    };
    const observed = seen({ browser: browser({ silent: seenSilent }) });
    expect(found(observed)).toEqual(['error offer-silent']);
    expect(evidenceOf(observed)).toContain('a timer that the doctor set in the page did not run');
  });

  it('are doubted if one was in view and nothing was reported, with how often it was replaced', () => {
    expect(found(seen({ browser: silent(0) }))).toEqual(['warning offer-silent']);
    expect(evidenceOf(seen({ browser: silent(0) }))).toBe(
      '<p data-offer-id="a52ge40b"> was in view for 3.0 s',
    );
    expect(found(seen({ browser: silent(6) }))).toEqual(['error offer-replaced']);
    expect(evidenceOf(seen({ browser: silent(6) }))).toContain('it was replaced 6 times');
  });

  it('are not doubted if something was reported, or if another finding explains the silence', () => {
    expect(found(seen({ browser: silent(0, { stopped: [{ url: ENDPOINT, ids: ['1'] }] }) }))).toEqual([]);
    const explained: Partial<BrowserSeen>[] = [
      {
        console: ['error: OffersightError: configuration: consent is true: give granted, pending or denied.'],
      },
      { offers: [offer('')] },
      { offers: [offer('a52ge40b', {}, { expires: '2020-01-01T00:00:00Z' })] },
    ];
    for (const given of explained) {
      const ids = found(seen({ browser: silent(0, given) }));
      expect(ids).not.toContain('warning offer-silent');
      expect(ids).toHaveLength(1);
    }
  });

  it('that have ended today by a date without a time are explained', () => {
    const ends = (expires: string) =>
      judge(seen({ browser: browser({ offers: [offer('a52ge40b', {}, { expires })] }) })).findings[0]?.repair;
    expect(ends('2026-11-24')).toContain('ends as the day begins, at 00:00 UTC');
    expect(ends('2026-11-20')).toContain('Leave offers that have ended out of the page.');
    expect(ends('2026-11-23T10:00:00Z')).toContain('Leave offers that have ended out of the page.');
  });
});
