import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OfferTracker } from '../../src/client/offer-tracker.js';
import type { TrackerOptions } from '../../src/client/options.js';
import { storedIds } from '../support/outbox.js';
import { find, render } from '../support/page.js';
import { settle } from '../support/runtime.js';
import { openSite, type Site, told, wired } from '../support/tracker.js';

let site: Site;

beforeEach(() => {
  site = openSite();
});

afterEach(() => {
  site.close();
  expect(site.uncaught).toEqual([]);
});

/** What the database holds of the user. */
const stored = async (): Promise<unknown[]> => {
  const kinds = ['entry', 'dead', 'seen', 'state'] as const;
  const all = (await Promise.all(kinds.map((kind) => storedIds(site.database, kind)))).flat();
  // It says nothing of the user, and other tabs need it.
  return all.filter((name) => name !== 'pause');
};

/** A page that shows two offers, of which one is seen. */
const show = (options: Partial<TrackerOptions> = {}) => {
  render('<p data-offer-id="a"></p><i data-offer-id="b"></i>');
  const started = site.start(options);
  site.see(find('p'));
  return started;
};

/** A page view that shows the two offers, with what happens once the offer part is there; its events. */
const visit = async (
  options: Partial<TrackerOptions>,
  ...acts: ((tracker: OfferTracker) => void)[]
): Promise<string[]> => {
  const { tracker, events } = show(options);
  for (const act of acts) {
    await tracker.stats();
    act(tracker);
  }
  await tracker.flush();
  tracker.stop();
  return told(events);
};
const grant = (tracker: OfferTracker): void => tracker.consent('granted');
const acceptB = (tracker: OfferTracker): void => tracker.accept('b');
const dismissB = (tracker: OfferTracker): void => tracker.dismiss('b');

describe('while consent is pending', () => {
  test('nothing is stored, sent or reported as recorded, and the page still hears what happens', async () => {
    const heard = vi.fn();
    document.addEventListener('offersight:viewed', heard, { once: true });
    const { tracker, events } = show({ consent: 'pending' });
    expect(heard).toHaveBeenCalledOnce();
    tracker.accept('b');
    await tracker.flush();
    await settle();
    expect([events, site.posted]).toEqual([[], []]);
    expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain(site.name);
  });

  test('granting records and delivers what happened meanwhile, with its own times', async () => {
    const seenAt = Date.now();
    const { tracker, events } = show({ consent: 'pending' });
    tracker.dismiss('b');
    await tracker.stats();
    const decidedAt = Date.now();
    // Time passes until the user decides.
    while (Date.now() === decidedAt) await settle();
    tracker.consent('granted');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'viewed b', 'dismissed b']);
    expect(wired(site.posted)).toEqual(['viewed a', 'viewed b', 'dismissed b']);
    for (const { occurred_at: at } of site.posted) {
      expect(at).toBeGreaterThanOrEqual(seenAt);
      expect(at).toBeLessThanOrEqual(decidedAt);
    }
  });

  test('an acceptance is remembered once it is granted', async () => {
    await visit({ consent: 'pending' }, acceptB, grant);
    await expect(visit({}, dismissB)).resolves.toEqual(['viewed a']);
  });

  test('denying gives up what happened meanwhile, and counts it', async () => {
    const discarded: string[] = [];
    const { tracker, events } = show({
      consent: 'pending',
      onDiscard: ({ offerId }, reason) => discarded.push(`${reason} ${offerId}`),
    });
    tracker.consent('denied');
    await tracker.flush();
    tracker.consent('granted');
    await tracker.flush();
    expect([events, site.posted, discarded]).toEqual([[], [], ['consent a']]);
    await expect(tracker.stats()).resolves.toMatchObject({ discarded: { consent: 1 } });
  });
});

describe('once consent is denied', () => {
  test('what waited is purged from the storage, with everything that was remembered', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
    const { tracker } = show({ repeat: 'browser' });
    tracker.accept('b');
    await tracker.flush();
    expect(await stored()).not.toEqual([]);
    tracker.consent('denied');
    await tracker.stats();
    await settle();
    expect(await stored()).toEqual([]);
    await expect(tracker.stats()).resolves.toMatchObject({ discarded: { consent: 2 } });
  });

  test('a page that starts so purges what an earlier one left', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
    const first = show();
    await first.tracker.flush();
    first.tracker.stop();
    const second = site.start({ consent: 'denied' });
    await second.tracker.stats();
    await settle();
    expect(await stored()).toEqual([]);
  });

  test('nothing is recorded, and the page hears nothing', async () => {
    const heard = vi.fn();
    document.addEventListener('offersight:viewed', heard);
    const { tracker, events } = show({ consent: 'denied' });
    tracker.dismiss('b');
    await tracker.flush();
    document.removeEventListener('offersight:viewed', heard);
    expect(heard).not.toHaveBeenCalled();
    expect([events, site.posted]).toEqual([[], []]);
  });

  test('granting starts again: what was seen without consent does not count', async () => {
    const { tracker, events } = show({ consent: 'denied' });
    await tracker.stats();
    tracker.consent('granted');
    site.see(find('i'));
    await tracker.flush();
    expect(told(events)).toEqual(['viewed b']);
  });
});

describe('decisions that meet something else', () => {
  /** A network that takes nothing, and what was tried to send. */
  const listenOffline = (): unknown[] => {
    const sent: unknown[] = [];
    vi.stubGlobal('fetch', (input: unknown, init?: RequestInit) => {
      sent.push(init?.body ?? input);
      return Promise.reject(new TypeError('offline'));
    });
    return sent;
  };
  test.each([
    ['a denial', 'denied', true],
    ['a denial before the offer part has come', 'denied', false],
    ['consent that is asked for again', 'pending', true],
  ] as const)('%s and leaving in one task say no farewell', async (_, consent, isThere) => {
    listenOffline();
    const { tracker } = show();
    if (isThere) await tracker.flush();
    const sent = listenOffline();
    tracker.consent(consent);
    window.dispatchEvent(new Event('pagehide'));
    await settle();
    await tracker.flush();
    expect(sent).toEqual([]);
  });

  test('a denial that is followed by a grant in one task gives up what was pending', async () => {
    const { tracker } = show({ consent: 'pending' });
    await tracker.stats();
    tracker.consent('denied');
    tracker.consent('granted');
    await tracker.flush();
    expect(site.posted).toEqual([]);
  });

  test.each([
    ['before the offer part is there', false],
    ['behind it', true],
  ])(
    'a denial while the storage hangs gives up what was on its way there, once and for good: %s',
    async (_, isThere) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      let isHeld = true;
      const held = site.database.transact(async (rows) => {
        while (isHeld) await rows.get(['state', 'pause', '']);
      });
      await settle();
      const discarded: string[] = [];
      render('<p data-offer-id="a"></p><i data-offer-id="no id"></i>');
      // The offer part reports the invalid id.
      let onThere = (): void => undefined;
      const there = new Promise<void>((resolve) => {
        onThere = resolve;
      });
      const { tracker } = site.start({
        onDiscard: (event, reason) => discarded.push(`${reason} ${event.offerId}`),
        onError: onThere,
      });
      site.see(find('p'));
      if (isThere) await there;
      tracker.consent('denied');
      await vi.advanceTimersByTimeAsync(2_000);
      isHeld = false;
      await held;
      await vi.advanceTimersByTimeAsync(10_000);
      await settle();
      tracker.consent('granted');
      await tracker.flush();
      vi.useRealTimers();
      expect(discarded).toEqual(['consent a']);
      expect((await tracker.stats()).discarded).toEqual({ consent: 1 });
      expect(site.posted).toEqual([]);
    },
  );

  test.each([
    ['in a later task', true],
    ['in one task', false],
  ])('a denial that is followed by asking again %s purges all the same', async (_, isApart) => {
    listenOffline();
    const { tracker } = show();
    await tracker.flush();
    tracker.consent('denied');
    if (isApart) await settle();
    tracker.consent('pending');
    await tracker.flush();
    await settle();
    expect(await stored()).toEqual([]);
  });

  test('a grant in the task of the denial counts what happens from then on', async () => {
    const { tracker, events } = show();
    await tracker.flush();
    tracker.consent('denied');
    tracker.consent('granted');
    tracker.dismiss('a');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
    expect(wired(site.posted)).toEqual(['viewed a', 'dismissed a']);
  });

  test('what counts once a browser does not count again when consent is granted', async () => {
    await visit({ repeat: 'browser' });
    await expect(visit({ repeat: 'browser', consent: 'pending' }, grant)).resolves.toEqual([]);
    expect(wired(site.posted)).toEqual(['viewed a']);
  });

  test('what was accepted on an earlier page is not dismissed by a page that could not know', async () => {
    await visit({}, acceptB);
    await expect(visit({ consent: 'pending' }, dismissB, grant)).resolves.not.toContain('dismissed b');
  });

  test('what was accepted without consent is not remembered', async () => {
    const { tracker } = show({ consent: 'denied' });
    tracker.accept('b');
    await tracker.stats();
    tracker.consent('granted');
    await tracker.flush();
    expect(await stored()).toEqual([]);
  });

  test.each([
    ['consent is yes: give granted, pending or denied.', { consent: 'yes' as 'granted' }],
    ['subject is not opaque: give a hash.', { subject: 'anna@example.org' }],
  ])('a value that cannot be used is reported with what to give: %s', async (hint, options) => {
    const { tracker, errors } = show(options);
    await tracker.stats();
    await settle();
    expect(errors.map(({ message }) => message)).toEqual([`configuration: ${hint}`]);
  });
});

describe('Global Privacy Control', () => {
  test.each([
    ['counts as denied if the site wants that', true, true, undefined, []],
    ['does not if the user has not set it', true, false, undefined, ['viewed a']],
    ['does not if the site leaves it to consent', false, true, undefined, ['viewed a']],
    ['gives way to what the user says here', true, true, 'granted', ['viewed b']],
  ] as const)('%s', async (_, respectGpc, globalPrivacyControl, said, expected) => {
    vi.stubGlobal('navigator', Object.assign(Object.create(navigator) as object, { globalPrivacyControl }));
    const { tracker, events } = show({ respectGpc });
    if (said) {
      tracker.consent(said);
      site.see(find('i'));
    }
    await tracker.flush();
    expect(told(events)).toEqual(expected);
  });
});

describe('a subject', () => {
  const subjects = () => site.posted.map((event) => `${event.personalized_offer_id} ${event.subject}`);

  test('that is null is nobody, and who comes later does not take over what happened before', async () => {
    const { tracker } = show({ subject: null as unknown as undefined });
    tracker.subject('anna');
    await tracker.flush();
    expect(subjects()).toEqual(['a undefined']);
  });

  test('stands on every event of its time', async () => {
    const { tracker } = show({ subject: 'anna' });
    tracker.subject('ben');
    site.see(find('i'));
    await tracker.flush();
    expect(subjects()).toEqual(['b ben']);
    tracker.subject('anna');
    await tracker.flush();
    expect(subjects()).toEqual(['b ben', 'a anna']);
  });

  test('that left takes its events along until it is back, also over page views', async () => {
    await visit({ subject: 'anna' }, (tracker) => tracker.subject(undefined));
    const ben = site.start({ subject: 'ben' }).tracker;
    await ben.flush();
    ben.stop();
    expect(site.posted).toEqual([]);
    await site.start({ subject: 'anna' }).tracker.flush();
    expect(subjects()).toEqual(['a anna']);
  });

  test('that changes drops no dismissal that was reported, though its offer was accepted meanwhile', async () => {
    vi.stubGlobal('indexedDB', undefined);
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
    const { tracker, events } = show();
    tracker.dismiss('a');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
    tracker.accept('a');
    tracker.subject('anna');
    await tracker.flush();
    await expect(tracker.stats()).resolves.toMatchObject({ outbox: { inMemory: 2 } });
  });

  test('keeps the dismissal of an offer with its view, though another user closes it', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
    const { tracker, events } = show({ subject: 'anna' });
    await tracker.flush();
    tracker.subject('ben');
    tracker.dismiss('a');
    await tracker.flush();
    expect(events.map(({ type, subject }) => `${type} ${subject}`)).toEqual([
      'viewed anna',
      'dismissed anna',
    ]);
  });
});
