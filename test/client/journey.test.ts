/** The way of an event through the page, from what the user does to its verdict. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { journeyOf, tracedOf } from '../support/journey.js';
import { find, render, trusted } from '../support/page.js';
import { settle } from '../support/runtime.js';
import { calls, loadTraced, writeTraced } from '../support/traced.js';
import { openSite, type Site, wired } from '../support/tracker.js';

const SLOW_MACHINE_MS = 20_000;

let site: Site;

beforeEach(() => {
  site = openSite();
});

afterEach(() => {
  site.close();
});

/** Waits until the outbox has settled what was sent. */
const settled = async (): Promise<void> => {
  await vi.waitFor(() => expect(calls).toContain('client/later/outbox/leasing settle'), SLOW_MACHINE_MS);
  await settle();
};

describe('an event', () => {
  test('passes the functions of the page that docs/architecture.md lists', async () => {
    const { createOfferTracker } = await loadTraced<typeof import('../../src/client/tracker.js')>(
      writeTraced('client'),
      'client/tracker',
    );
    render('<p data-offer-id="a"><button data-offer-dismiss></button></p>');
    const tracker = createOfferTracker({
      endpoint: '/offer-events',
      viewability: { dwellMs: 50 },
      outbox: { name: site.name },
    });
    await tracker.flush();
    await settle();

    calls.length = 0;
    site.see(find('p'));
    await settled();
    const viewed = journeyOf('In the page, a `viewed`');
    expect(viewed.asked).toBeDefined();
    expect.soft(tracedOf(calls, viewed)).toEqual(viewed);

    calls.length = 0;
    find('button').dispatchEvent(trusted(new MouseEvent('click', { bubbles: true, composed: true })));
    const dismissed = journeyOf('In the page, a `dismissed` by a control');
    expect(dismissed.asked).toBeDefined();
    const last = calls.indexOf('client/outbox/outbox add');
    expect.soft(tracedOf(calls.slice(0, last + 1), dismissed)).toEqual(dismissed);
    await settled();
    expect(wired(site.posted)).toEqual(['viewed a', 'dismissed a']);
    tracker.stop();
  });
});
