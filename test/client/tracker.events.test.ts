import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TrackerOptions } from '../../src/client/options.js';
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

/** `type offer` of each event with the number of its impression, in order. */
const numbered = (events: readonly OfferEvent[]): string[] => {
  const impressions = [...new Set(events.map(({ impressionId }) => impressionId))];
  return events.map(
    ({ type, offerId, impressionId }) => `${type} ${offerId} ${impressions.indexOf(impressionId) + 1}`,
  );
};

/** One thing that a page or its user does. */
type Step = (started: Started) => unknown;
const see =
  (selector: string): Step =>
  () =>
    site.see(find(selector));
const click =
  (selector: string): Step =>
  () =>
    find(selector).click();
/** A press by the user, which a control without a mark needs. */
const press: Step = () => find('button').dispatchEvent(trusted(new MouseEvent('click', { bubbles: true })));
const remove =
  (selector: string): Step =>
  () =>
    find(selector).remove();
const add =
  (markup: string): Step =>
  () =>
    document.body.insertAdjacentHTML('beforeend', markup);
const pagehide: Step = () => window.dispatchEvent(new Event('pagehide'));
const dismiss: Step = ({ tracker }) => tracker.dismiss('a');
const accept: Step = ({ tracker }) => tracker.accept('a');
/** Watches the element, ends that and watches it again. */
const observe: Step = ({ tracker }) => {
  tracker.observe(find('p'), { id: 'a' })();
  tracker.observe(find('p'), { id: 'a' });
};

/** A step may have asked for the closing part, whose load begins in a task of its own. */
const untilLoaded = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve));
  await vi.dynamicImportSettled();
};

/** Starts a tracker, and does one after the other, each in a task of its own. */
const live = async (
  markup: string,
  options: Partial<TrackerOptions>,
  steps: readonly Step[],
): Promise<Started> => {
  render(markup);
  const started = site.start(options);
  await started.tracker.flush();
  for (const step of steps) {
    step(started);
    await untilLoaded();
    await site.frame();
  }
  await started.tracker.flush();
  return started;
};

const MAIN = '<main></main>';
const A = '<p data-offer-id="a"></p>';
const MARKED = '<p data-offer-id="a"><button data-offer-dismiss></button><a data-offer-accept></a></p>';
const BARE = '<p data-offer-id="a"><button aria-label="Close"></button></p>';
const BOTH = ['viewed a 1', 'dismissed a 1'];

describe('an offer that was seen', () => {
  test('is announced on its element, recorded, and posted, also if that was before the offer part came', async () => {
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
});

describe('a page', () => {
  const mount = { repeat: 'mount' } as const;
  type Case = readonly [
    markup: string,
    options: Partial<TrackerOptions>,
    steps: Step[],
    ...expected: string[],
  ];

  /** What the page has and asks for, what happens, and the events of that, each with the number of its impression. */
  const CASES: Readonly<Record<string, Case>> = {
    'that shows and closes an offer gives two events of one impression': [
      MARKED,
      {},
      [see('p'), click('button')],
      ...BOTH,
    ],
    'whose user closes an offer before it counted as seen gives viewed, then dismissed (fault 53)': [
      MARKED,
      { viewability: { dwellMs: 60_000 } },
      [see('p'), click('button')],
      ...BOTH,
    ],
    'that closes an offer by its own call gives both too': [MAIN, {}, [dismiss], ...BOTH],
    'that closes an offer often gives one dismissal': [
      MARKED,
      {},
      [click('button'), click('button'), dismiss],
      ...BOTH,
    ],
    'whose user accepts an offer gives its view, and no dismissal of it any more': [
      MARKED,
      {},
      [click('a'), click('button'), dismiss],
      'viewed a 1',
    ],
    'counts an offer once by default, wherever and however often it is shown': [
      `${A}<i data-offer-id="a"></i>`,
      {},
      [see('p'), see('i'), remove('p'), add(A), see('p')],
      'viewed a 1',
    ],
    'counts each showing if it asks for mounts': [
      `${A}<i data-offer-id="a"></i>`,
      mount,
      [see('p'), see('i'), remove('p'), add(A), see('p')],
      ...['viewed a 1', 'viewed a 2', 'viewed a 3'],
    ],
    'closes by its own call the showing that was seen': [A, mount, [see('p'), dismiss], ...BOTH],
    'closes by its own call the present showing, though nobody saw it yet': [
      A,
      mount,
      [see('p'), () => render(A), dismiss],
      ...['viewed a 1', 'viewed a 2', 'dismissed a 2'],
    ],
    'closes once by its own calls what has gone': [A, mount, [remove('p'), dismiss, dismiss], ...BOTH],
    'of which closing is noticed after the element went closes the showing that was seen': [
      BARE,
      mount,
      [
        see('p'),
        (started) => {
          press(started);
          find('p').remove();
        },
        // It is left, so the offer will not come back.
        pagehide,
      ],
      ...BOTH,
    ],
    'that watches an element again within a task shows it once': [
      '<p></p>',
      {},
      [observe, see('p'), observe],
      'viewed a 1',
    ],
    'that watches an element again within a task shows it once, also where it asks for mounts': [
      '<p></p>',
      mount,
      [observe, see('p'), observe, see('p')],
      'viewed a 1',
    ],
    'whose element shows an offer again in a later task counts it again if it asks for mounts': [
      A,
      mount,
      [
        see('p'),
        () => find('p').removeAttribute('data-offer-id'),
        () => find('p').setAttribute('data-offer-id', 'a'),
        see('p'),
      ],
      ...['viewed a 1', 'viewed a 2'],
    ],
    'delivers though the offer has ended by this clock: only the proxy knows the time (fault 57)': [
      '<p data-offer-id="a" data-offer-expires="1000000000"></p>',
      {},
      [dismiss],
      ...BOTH,
    ],
  };

  test.each(Object.entries(CASES))('%s', async (_, [markup, options, steps, ...expected]) => {
    const { events } = await live(markup, options, steps);
    expect(numbered(events)).toEqual(expected);
    expect(wired(site.posted)).toEqual(told(events));
    expect([...events].sort((one, other) => (one.id < other.id ? -1 : 1))).toEqual(events);
  });

  test.each<[before: Step[], behind: Step[]]>([
    [[dismiss, pagehide], []],
    [[pagehide], [dismiss]],
    [[click('u'), pagehide], []],
    [[pagehide], [click('u')]],
  ])(
    'that closes an offer by a control and by the id, before or behind that is decided, closes it once',
    async (...by) => {
      const markup = `${BARE}<u data-offer-dismiss="a"></u>`;
      const go: Step = (started) => {
        vi.spyOn(find('p'), 'getBoundingClientRect').mockReturnValue(new DOMRect(0, 0, 300, 200));
        press(started);
        find('p').remove();
      };
      const { events } = await live(markup, { repeat: 'mount' }, [go, ...by.flat()]);
      expect(numbered(events)).toEqual(BOTH);
      expect(events[1]).toMatchObject({ reason: 'control' });
    },
  );

  test('whose `viewed` announcement closes the offer has its dismissal once, behind it', async () => {
    listen('viewed', () => find('button').click());
    const { events } = await live(MARKED, {}, [click('button')]);
    expect(told(events).sort()).toEqual(['dismissed a', 'viewed a']);
    expect(wired(site.posted)).toEqual(['viewed a', 'dismissed a']);
  });

  test('that accepted an offer dismisses it on no later page, at once', async () => {
    const { tracker } = await live(MAIN, {}, [accept]);
    tracker.stop();
    const next = site.start();
    next.tracker.dismiss('a');
    next.tracker.dismiss('b');
    await next.tracker.flush();
    await site.frame();
    await next.tracker.flush();
    expect(told(next.events)).toEqual(['viewed b', 'dismissed b']);
  });

  test.each([
    ['as the page asks', A, { repeat: 'browser' }],
    ['as one offer’s attribute asks', '<p data-offer-id="a" data-offer-repeat="browser"></p>', {}],
  ] as const)(
    'that counts once a browser counts no other time, each type for itself: %s',
    async (_, markup, options) => {
      const pages: string[][] = [];
      for (const steps of [[see('p')], [see('p'), dismiss], [dismiss]]) {
        const { tracker, events } = await live(markup, options, steps);
        tracker.stop();
        pages.push(told(events));
      }
      expect(pages).toEqual([['viewed a'], ['dismissed a'], []]);
      expect(wired(site.posted)).toEqual(['viewed a', 'dismissed a']);
    },
  );
});

describe('a veto', () => {
  test('of `viewed` leaves nothing, also no dismissal', async () => {
    listen('viewed', (event) => event.detail.offerId === 'a' && event.preventDefault());
    const steps = [see('p'), see('i'), click('button'), dismiss];
    const { tracker, events } = await live(`${MARKED}<i data-offer-id="b"></i>`, {}, steps);
    expect([told(events), wired(site.posted)]).toEqual([['viewed b'], ['viewed b']]);
    expect((await tracker.stats()).offers.a).toEqual({ rendered: 1, viewed: 0, dismissed: 0, accepted: 0 });
  });

  test('that stops `dismissed` leaves the view', async () => {
    listen('dismissed', (event) => event.preventDefault());
    const { events } = await live(MAIN, {}, [dismiss]);
    expect(told(events)).toEqual(['viewed a']);
  });
});

describe('a decision by only the id', () => {
  const SIGNED = `<p data-offer-id="a" data-offer-expires="4102444800" data-offer-token="signed" data-offer-group="summer"></p>
    <button data-offer-dismiss="a"></button><i data-offer-accept="a"></i>`;
  const terms = ({ type, expiresAt, token, group }: OfferEvent) => [type, expiresAt, token, group];
  const of = (type: string) => [type, 4_102_444_800_000, 'signed', 'summer'];

  test.each<[name: string, act: Step, ...types: string[]]>([
    ['a control outside that dismisses', click('button'), 'viewed', 'dismissed'],
    ['dismiss()', dismiss, 'viewed', 'dismissed'],
    ['a control outside that accepts', click('i'), 'viewed'],
    ['accept()', accept, 'viewed'],
  ])(
    'by %s has the terms of what shows the offer, and is announced there, or of what showed it last',
    async (_, act, ...types) => {
      const targets: (EventTarget | null)[] = [];
      for (const type of ['viewed', 'dismissed'] as const) listen(type, ({ target }) => targets.push(target));
      const shown = await live(SIGNED, {}, [act]);
      expect(shown.events.map(terms)).toEqual(types.map(of));
      expect(targets).toEqual(types.map(() => find('p')));
      shown.tracker.stop();
      const other = add('<p data-offer-id="b" data-offer-token="other"></p>');
      const { events } = await live(SIGNED.replaceAll('"a"', '"c"'), {}, [
        remove('p'),
        other,
        ({ tracker }) => (types[1] ? tracker.dismiss('c') : tracker.accept('c')),
      ]);
      expect(events.map(terms)).toEqual(types.map(of));
    },
  );
});

describe('a group that is none', () => {
  test.each([
    ['a number', 7, '7'],
    ['a list', ['a'], '?'],
    ['a symbol', Symbol('a'), '?'],
    ['an e-mail address', 'jane@shop.example', '?'],
    ['what a template left', '{{ campaign }}', '?'],
    ['a large number', 1n, '?'],
    ['an object that has no text', Object.create(null), '?'],
    ['nothing', null, undefined],
    ['a long text', 'g'.repeat(70_000), '?'],
  ])('loses no event, and what no group can be never leaves the page: %s', async (_, group, said) => {
    const given: Step = ({ tracker }) =>
      tracker.observe(find('p'), { id: 'a', group: group as unknown as string });
    const { tracker, events } = await live('<p></p>', {}, [given, dismiss, (s) => s.tracker.dismiss('b')]);
    expect(events.map((event) => [event.offerId, event.group])).toEqual([
      ['a', said],
      ['a', said],
      ['b', undefined],
      ['b', undefined],
    ]);
    expect((await tracker.stats()).outbox).toMatchObject({ waiting: 0, dead: 0, inMemory: 0 });
  });
});
