import { afterEach, describe, expect, test } from 'vitest';
import { createDataLayer } from '../../../src/client/later/data-layer.js';
import { dismissed, START, viewed } from '../../support/events.js';

const site = globalThis as unknown as Record<string, unknown>;

afterEach(() => {
  delete site.dataLayer;
  delete site.otherLayer;
});

describe('a tag manager', () => {
  test('gets what was viewed and dismissed, in its own words, and whether that is durable', () => {
    const layer: unknown[] = [{ event: 'gtm.js' }];
    site.dataLayer = layer;
    const tell = createDataLayer('dataLayer');
    const view = viewed(1, { offerId: 'a', group: 'summer', expiresAt: START });
    const close = dismissed(2, view, { group: 'summer', reason: 'escape' });
    tell(view, true);
    tell(close, false);
    expect(site.dataLayer).toBe(layer);
    expect(layer.slice(1)).toStrictEqual([
      {
        event: 'personalized_offer_viewed',
        offer_group: 'summer',
        event_id: view.id,
        occurred_at: START,
        is_durable: true,
      },
      {
        event: 'personalized_offer_dismissed',
        offer_group: 'summer',
        event_id: close.id,
        occurred_at: START,
        is_durable: false,
        reason: 'escape',
      },
    ]);
  });

  test.each(['dataLayer personalized_offer_id', ' dataLayer  personalized_offer_id '])(
    'gets the id of the offer, which says for whom it was made, only if the site names that field: %j',
    (asked) => {
      createDataLayer(asked)(viewed(1, { offerId: 'a' }), true);
      expect(site.dataLayer).toStrictEqual([
        {
          event: 'personalized_offer_viewed',
          personalized_offer_id: 'a',
          event_id: viewed(1).id,
          occurred_at: START,
          is_durable: true,
        },
      ]);
    },
  );

  test('that comes later finds its array, under the name that the site gave, and may replace it', () => {
    const tell = createDataLayer('otherLayer');
    tell(viewed(1), true);
    expect(site.otherLayer).toEqual([expect.objectContaining({ event: 'personalized_offer_viewed' })]);
    expect(site.dataLayer).toBeUndefined();
    const next: unknown[] = [];
    site.otherLayer = next;
    tell(viewed(2), true);
    expect(next).toHaveLength(1);
  });

  test.each([undefined, ''])('gets nothing if the site names no array: %j', (name) => {
    createDataLayer(name)(viewed(1), true);
    expect(site.dataLayer).toBeUndefined();
    expect(Object.hasOwn(site, '')).toBe(false);
  });
});
