import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OfferEvent } from '../../src/protocol/event.js';
import { find, render, trusted } from '../support/page.js';
import { openSite, type Site, type Started, told, wired } from '../support/tracker.js';

let site: Site;
let leave: AbortController;

beforeEach(() => {
  site = openSite();
  leave = new AbortController();
});

afterEach(() => {
  leave.abort();
  site.close();
  expect(site.uncaught).toEqual([]);
});

/** Hears what is announced on the page, until the test ends. */
const listen = (type: 'viewed' | 'dismissed', listener: (event: CustomEvent<OfferEvent>) => void): void =>
  document.addEventListener(`offersight:${type}`, listener as (event: Event) => void, leave);

const click = (selector: string): void => find(selector).click();

describe('an offer that was seen', () => {
  test('is announced on its element, recorded, and posted', async () => {
    render('<p data-offer-id="a52ge40b" data-offer-expires="4102444800"></p>');
    const announced: [EventTarget | null, OfferEvent][] = [];
    listen('viewed', ({ target, detail }) => announced.push([target, detail]));
    const { tracker, events } = site.start();
    site.see(find('p'));
    await tracker.flush();
    expect(announced).toEqual([[find('p'), events[0]]]);
    expect(events).toEqual([
      {
        type: 'viewed',
        id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
        offerId: 'a52ge40b',
        impressionId: expect.any(String),
        occurredAt: expect.any(Number),
        expiresAt: 4_102_444_800_000,
      },
    ]);
    expect(site.posted.map(({ id, expires_at }) => [id, expires_at])).toEqual([
      [events[0]?.id, 4_102_444_800_000],
    ]);
  });

  test('and closed gives the two events of one impression, in their order', async () => {
    render('<p data-offer-id="a"><button data-offer-dismiss></button></p>');
    const { tracker, events } = site.start();
    await tracker.flush();
    site.see(find('p'));
    click('button');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
    expect(new Set(events.map(({ impressionId }) => impressionId)).size).toBe(1);
    expect(wired(site.posted)).toEqual(['viewed a', 'dismissed a']);
  });
});

describe('a dismissal', () => {
  test('before the offer counted as seen gives viewed, then dismissed (fault 53)', async () => {
    render('<p data-offer-id="a"><button data-offer-dismiss></button></p>');
    const { tracker, events } = site.start({ viewability: { dwellMs: 60_000 } });
    await tracker.flush();
    site.see(find('p'));
    click('button');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
    expect(String(events[0]?.id) < String(events[1]?.id)).toBe(true);
  });

  test('by the page’s own call does so too, with its reason', async () => {
    const { tracker, events } = site.start();
    tracker.dismiss('a', 'escape');
    tracker.dismiss('b');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a', 'viewed b', 'dismissed b']);
    expect(events.flatMap((event) => ('reason' in event ? [event.reason] : []))).toEqual(['escape', 'api']);
  });

  test('counts once, however often the offer is closed', async () => {
    render('<p data-offer-id="a"><button data-offer-dismiss></button></p>');
    const { tracker, events } = site.start();
    await tracker.flush();
    click('button');
    click('button');
    tracker.dismiss('a');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
  });

  test('of an offer whose `viewed` announcement closes it comes once, behind it', async () => {
    render('<p data-offer-id="a"><button data-offer-dismiss></button></p>');
    const { tracker, events } = site.start();
    await tracker.flush();
    listen('viewed', () => click('button'));
    click('button');
    await tracker.flush();
    expect([...told(events)].sort()).toEqual(['dismissed a', 'viewed a']);
    expect(wired(site.posted)).toEqual(['viewed a', 'dismissed a']);
  });
});

describe('a veto', () => {
  test('of `viewed` leaves nothing, also no dismissal', async () => {
    render('<p data-offer-id="a"><button data-offer-dismiss></button></p><i data-offer-id="b"></i>');
    const { tracker, events } = site.start();
    listen('viewed', (event) => event.detail.offerId === 'a' && event.preventDefault());
    site.see(find('p'));
    site.see(find('i'));
    await tracker.flush();
    click('button');
    tracker.dismiss('a');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed b']);
    expect(wired(site.posted)).toEqual(['viewed b']);
    expect((await tracker.stats()).offers.a).toEqual({ rendered: 1, viewed: 0, dismissed: 0, accepted: 0 });
  });

  test('that stops `dismissed` leaves the view', async () => {
    const { tracker, events } = site.start();
    listen('dismissed', (event) => event.preventDefault());
    tracker.dismiss('a');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a']);
  });
});

describe('an acceptance', () => {
  test('proves display, sends nothing itself, and forbids every dismissal', async () => {
    render('<p data-offer-id="a"><a data-offer-accept></a><button data-offer-dismiss></button></p>');
    const { tracker, events } = site.start();
    await tracker.flush();
    click('a');
    click('button');
    tracker.dismiss('a');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a']);
    expect((await tracker.stats()).offers.a).toEqual({ rendered: 1, viewed: 1, dismissed: 0, accepted: 1 });
  });

  test('forbids it also on the next page, at once', async () => {
    const { tracker } = site.start();
    tracker.accept('a');
    await tracker.flush();
    tracker.stop();
    const next = site.start();
    next.tracker.dismiss('a');
    next.tracker.dismiss('b');
    await next.tracker.flush();
    await site.frame();
    await next.tracker.flush();
    expect(told(next.events)).toEqual(['viewed b', 'dismissed b']);
  });

  test('counts once', async () => {
    const { tracker } = site.start();
    tracker.accept('a');
    tracker.accept('a');
    await tracker.flush();
    expect((await tracker.stats()).offers.a?.accepted).toBe(1);
  });
});

describe('a decision by only the id', () => {
  const SIGNED = `<p data-offer-id="a" data-offer-expires="4102444800" data-offer-token="signed" data-offer-group="summer"></p>
    <button data-offer-dismiss="a"></button><i data-offer-accept="a"></i>`;
  const terms = ({ type, expiresAt, token, group }: OfferEvent) => [type, expiresAt, token, group];
  const VIEWED = ['viewed', 4_102_444_800_000, 'signed', 'summer'];
  const DISMISSED = ['dismissed', 4_102_444_800_000, 'signed', 'summer'];

  const ways: Readonly<
    Record<string, readonly [act: (tracker: Started['tracker']) => void, expected: unknown]>
  > = {
    'a control outside that dismisses': [() => click('button'), [VIEWED, DISMISSED]],
    'dismiss()': [(tracker) => tracker.dismiss('a'), [VIEWED, DISMISSED]],
    'a control outside that accepts': [() => click('i'), [VIEWED]],
    'accept()': [(tracker) => tracker.accept('a'), [VIEWED]],
  };
  for (const [name, [act, expected]] of Object.entries(ways)) {
    test(`by ${name} has the token, the expiry and the group of what shows the offer, and is announced there`, async () => {
      render(SIGNED);
      const targets: (EventTarget | null)[] = [];
      for (const type of ['viewed', 'dismissed'] as const) listen(type, ({ target }) => targets.push(target));
      const { tracker, events } = site.start();
      await tracker.flush();
      act(tracker);
      await tracker.flush();
      expect(events.map(terms)).toEqual(expected);
      expect(targets).toEqual(events.map(() => find('p')));
    });

    test(`by ${name} has those of what showed it last, after that is gone`, async () => {
      render(SIGNED);
      const { tracker, events } = site.start();
      find('p').remove();
      document.body.insertAdjacentHTML('beforeend', '<p data-offer-id="b" data-offer-token="other"></p>');
      await site.frame();
      await tracker.flush();
      act(tracker);
      await tracker.flush();
      expect(events.map(terms)).toEqual(expected);
    });
  }

  test('leaves though the offer has ended by this clock: only the proxy knows the time (fault 57)', async () => {
    render('<p data-offer-id="a" data-offer-expires="1000000000"></p>');
    const { tracker } = site.start();
    tracker.dismiss('a');
    await tracker.flush();
    expect(wired(site.posted)).toEqual(['viewed a', 'dismissed a']);
  });
});

describe('repeated', () => {
  const again = async (markup: string): Promise<void> => {
    find('p').remove();
    await site.frame();
    document.body.insertAdjacentHTML('beforeend', markup);
    await site.frame();
    site.see(find('p'));
  };

  test('a page view by default: once, wherever and however often it is shown', async () => {
    render('<p data-offer-id="a"></p><i data-offer-id="a"></i>');
    const { tracker, events } = site.start();
    await tracker.flush();
    site.see(find('p'));
    site.see(find('i'));
    await again('<p data-offer-id="a"></p>');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a']);
    expect((await tracker.stats()).offers.a?.rendered).toBe(3);
  });

  test('a mount: each showing is an impression of its own', async () => {
    render('<p data-offer-id="a"></p><i data-offer-id="a"></i>');
    const { tracker, events } = site.start({ repeat: 'mount' });
    site.see(find('p'));
    site.see(find('i'));
    await again('<p data-offer-id="a"></p>');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'viewed a', 'viewed a']);
    expect(new Set(events.map(({ impressionId }) => impressionId)).size).toBe(3);
  });

  test('a mount: closing by the page’s own call belongs to the showing that was seen', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, events } = site.start({ repeat: 'mount' });
    site.see(find('p'));
    tracker.dismiss('a');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
    expect(new Set(events.map(({ impressionId }) => impressionId)).size).toBe(1);
  });

  test('a mount: closing only by the id belongs to the present showing, though nobody saw it yet', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, events } = site.start({ repeat: 'mount' });
    await tracker.flush();
    site.see(find('p'));
    render('<p data-offer-id="a"></p>');
    await site.frame();
    tracker.dismiss('a');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'viewed a', 'dismissed a']);
    const [first, second, dismissed] = events.map(({ impressionId }) => impressionId);
    expect(first).not.toBe(second);
    expect(dismissed).toBe(second);
  });

  test('a mount: closing only by the id counts once, also when what showed it is gone', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, events } = site.start({ repeat: 'mount' });
    find('p').remove();
    await site.frame();
    tracker.dismiss('a');
    tracker.dismiss('a');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
  });

  test('a mount: closing that is noticed after the element went belongs to the showing that was seen', async () => {
    render('<p data-offer-id="a"><button aria-label="Close"></button></p>');
    const { tracker, events } = site.start({ repeat: 'mount' });
    const element = find('p');
    site.see(element);
    await tracker.flush();
    find('button').dispatchEvent(trusted(new MouseEvent('click', { bubbles: true })));
    element.remove();
    await site.frame();
    // The page is left, so the offer will not come back.
    window.dispatchEvent(new Event('pagehide'));
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
    expect(new Set(events.map(({ impressionId }) => impressionId)).size).toBe(1);
  });

  const ids: Readonly<Record<string, (tracker: Started['tracker']) => void>> = {
    'the page’s own call': (tracker) => tracker.dismiss('a'),
    'a control outside': () => click('u'),
  };
  for (const [name, dismiss] of Object.entries(ids))
    test.each(['before', 'after'])(
      `a mount: closing by a control and, %s that is decided, by ${name} counts once`,
      async (when) => {
        render('<p data-offer-id="a"><button aria-label="Close"></button></p><u data-offer-dismiss="a"></u>');
        const { tracker, events } = site.start({ repeat: 'mount' });
        await tracker.flush();
        vi.spyOn(find('p'), 'getBoundingClientRect').mockReturnValue(new DOMRect(0, 0, 300, 200));
        find('button').dispatchEvent(trusted(new MouseEvent('click', { bubbles: true })));
        find('p').remove();
        await site.frame();
        if (when === 'before') dismiss(tracker);
        window.dispatchEvent(new Event('pagehide'));
        if (when === 'after') dismiss(tracker);
        await tracker.flush();
        expect(told(events)).toEqual(['viewed a', 'dismissed a']);
        expect(events[1]).toMatchObject({ reason: 'control' });
      },
    );

  test.each(['page', 'mount'] as const)(
    'a %s: watching an element, ending it and watching it again within a task is one showing',
    async (repeat) => {
      render('<p></p>');
      const { tracker, events } = site.start({ repeat });
      await tracker.flush();
      tracker.observe(find('p'), { id: 'a' })();
      tracker.observe(find('p'), { id: 'a' });
      site.see(find('p'));
      tracker.observe(find('p'), { id: 'a' })();
      tracker.observe(find('p'), { id: 'a' });
      site.see(find('p'));
      await tracker.flush();
      expect(told(events)).toEqual(['viewed a']);
      expect((await tracker.stats()).offers.a).toMatchObject({ rendered: 1, viewed: 1 });
    },
  );

  test('a mount: watching it again in a later task is a showing of its own', async () => {
    render('<p></p>');
    const { tracker, events } = site.start({ repeat: 'mount' });
    await tracker.flush();
    const stop = tracker.observe(find('p'), { id: 'a' });
    site.see(find('p'));
    stop();
    await site.frame();
    tracker.observe(find('p'), { id: 'a' });
    site.see(find('p'));
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'viewed a']);
    expect((await tracker.stats()).offers.a).toMatchObject({ rendered: 2, viewed: 2 });
  });

  test('a browser: once across pages, each type for itself', async () => {
    render('<p data-offer-id="a"></p>');
    const first = site.start({ repeat: 'browser' });
    site.see(find('p'));
    await first.tracker.flush();
    first.tracker.stop();
    const second = site.start({ repeat: 'browser' });
    site.see(find('p'));
    second.tracker.dismiss('a');
    await second.tracker.flush();
    expect([told(first.events), told(second.events)]).toEqual([['viewed a'], ['dismissed a']]);
    expect(wired(site.posted)).toEqual(['viewed a', 'dismissed a']);
  });

  test('a browser: as one offer’s attribute says, also when the page’s own call closes it', async () => {
    const pages: string[][] = [];
    for (let page = 0; page < 2; page++) {
      render('<p data-offer-id="a" data-offer-repeat="browser"></p>');
      const { tracker, events } = site.start();
      site.see(find('p'));
      tracker.dismiss('a');
      await tracker.flush();
      tracker.stop();
      pages.push(told(events));
    }
    expect(pages).toEqual([['viewed a', 'dismissed a'], []]);
  });
});

describe('a group that is none', () => {
  test.each([
    ['a number', 7, '7'],
    ['a list', ['a'], '?'],
    ['an object', { a: 1 }, '?'],
    ['a symbol', Symbol('a'), '?'],
    ['an e-mail address', 'jane@shop.example', '?'],
    ['what a template left', '{{ campaign }}', '?'],
    ['a large number', 1n, '?'],
    ['true', true, '?'],
    ['an object that has no text', Object.create(null), '?'],
    ['nothing', null, undefined],
    ['a long text', 'g'.repeat(70_000), '?'],
  ])('loses no event, and what no group can be never leaves the page: %s', async (_, group, said) => {
    render('<p></p><i data-offer-id="b"></i>');
    const { tracker, events } = site.start();
    tracker.observe(find('p'), { id: 'a', group: group as unknown as string });
    tracker.dismiss('a');
    tracker.dismiss('b');
    await tracker.flush();
    expect(events.map(({ offerId }) => offerId)).toEqual(['a', 'a', 'b', 'b']);
    expect(events[0]?.group).toBe(said);
    expect((await tracker.stats()).outbox).toMatchObject({ waiting: 0, dead: 0, inMemory: 0 });
  });
});
