import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ExposureWatch, Watched } from '../../../src/client/detect/exposure.js';
import type { Placement } from '../../../src/client/detect/placement.js';
import { loadMore } from '../../../src/client/later/asking.js';
import type { More, MoreContext } from '../../../src/client/later/more/more.js';
import * as TELLING from '../../../src/client/later/more/telling.js';
import {
  createOnRequest,
  type OnRequest,
  type OnRequestContext,
} from '../../../src/client/later/on-request.js';
import type { OffersightError } from '../../../src/errors.js';
import { type Deferred, deferred } from '../../support/deferred.js';
import { documentOnly, type FakePage, fakePage, find, render, trusted } from '../../support/page.js';
import { placementsOfPage } from '../../support/placements.js';
import { fakeRuntime, settle } from '../../support/runtime.js';

vi.mock('../../../src/client/later/asking.js', () => ({ loadMore: vi.fn() }));

type Room = Awaited<ReturnType<typeof loadMore>>;

let page: FakePage;
let answer: Deferred<Room>;
let reports: OffersightError[];
let rechecks: number;
/** What the room got, in order, and what it works with. */
let told: string[];
let given: MoreContext | undefined;

beforeEach(() => {
  page = fakePage();
  answer = deferred();
  reports = [];
  rechecks = 0;
  told = [];
  given = undefined;
  vi.mocked(loadMore).mockReset().mockReturnValue(answer.promise);
  render('<p data-offer-id="a"><b>Buy</b></p>');
});

afterEach(() => page.stop());

const start = (options: OnRequestContext['options'] = {}): OnRequest => {
  const exposure = {
    watched: new Map(),
    exposed: new Set(),
    recheck: () => rechecks++,
  } as unknown as ExposureWatch;
  const report = (error: OffersightError): number => reports.push(error);
  return createOnRequest(
    { options, exposure, page, registry: placementsOfPage(), runtime: fakeRuntime(), report },
    documentOnly(page),
    { onDismiss: () => undefined },
  );
};

const offer = (more: Partial<Placement> = {}): Placement => ({ element: find('p'), offerId: 'a', ...more });

/** The room arrives. */
const arrive = async (): Promise<void> => {
  const hear = (name: string) => (): void => void told.push(name);
  const more: More = {
    onMount: hear('mount'),
    onUnmount: hear('unmount'),
    onViewed: hear('viewed'),
    onReaction: hear('reaction'),
    onTouch: hear('touch'),
    onLeave: hear('leave'),
    onEvaluation: hear('evaluation'),
    refresh: hear('refresh'),
    boxesOf: (element) => [...element.children],
    isClear: () => false,
    stop: hear('stop'),
  };
  answer.resolve({
    ...TELLING,
    VERSION: '',
    createMore(context) {
      given = context;
      return more;
    },
  });
  await settle();
};

const act = (isTrusted = true): void =>
  void find('b').dispatchEvent(trusted(new Event('click', { bubbles: true }), isTrusted));

describe('what only some pages need', () => {
  test('is not asked for by a page whose offers do not ask for it', () => {
    const requested = start({ ignore: 'off' });
    requested.onMount(offer());
    requested.onMount(offer({ ignore: 'off' }));
    requested.onViewed(offer());
    act();
    expect(loadMore).not.toHaveBeenCalled();
    expect(requested.isClear(find('p'))).toBe(true);
  });

  test.each<[string, OnRequestContext['options'], Partial<Placement>, string]>([
    ['a page that says when offers are ignored', { ignore: 'leave' }, {}, ''],
    ['an offer that is given with its own time', {}, { ignore: 0 }, ''],
    ['an element with the attribute', {}, {}, 'data-offer-ignore'],
  ])('is asked for once by %s', (_, options, settings, attribute) => {
    if (attribute) find('p').setAttribute(attribute, '5000');
    const requested = start(options);
    requested.onMount(offer(settings));
    requested.onMount(offer(settings));
    expect(loadMore).toHaveBeenCalledTimes(1);
  });

  test('hears what happened while it was on its way, in order, and later at once', async () => {
    const requested = start();
    requested.onMount(offer({ ignore: 'leave' }));
    requested.onViewed(offer());
    act();
    requested.onUnmount(offer());
    expect(told).toEqual([]);
    await arrive();
    expect(told).toEqual(['viewed', 'unmount']);
    requested.onLeave();
    expect(told.at(-1)).toBe('leave');
  });

  test('knows where somebody reacted before it was there, though the offer is gone by then', async () => {
    const requested = start();
    act();
    requested.onMount(offer({ offerId: 'b', ignore: 'leave' }));
    act();
    find('p').remove();
    await arrive();
    expect([...(given?.touched.offers ?? [])]).toEqual(['a']);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null, as a template says it', null],
    ['an empty text', ''],
    ['off', 'off'],
  ])('is not asked for by %s', (_, ignore) => {
    const requested = start({ ignore: ignore as 'off' });
    find('p').setAttribute('data-offer-ignore', typeof ignore === 'string' ? ignore : '');
    requested.onMount(offer({ ignore: ignore as 'off' }));
    requested.onViewed(offer({ ignore: ignore as 'off' }));
    expect(loadMore).not.toHaveBeenCalled();
  });

  test('is asked for by an attribute that came between mounting and counting', async () => {
    const requested = start();
    requested.onMount(offer());
    find('p').setAttribute('data-offer-ignore', 'leave');
    requested.onViewed(offer());
    await arrive();
    expect(told).toEqual(['viewed']);
  });

  test('keeps no evaluation while it is on its way, since it looks at everything when it comes', async () => {
    const requested = start({ occlusion: true });
    requested.onEvaluation({} as Watched);
    await arrive();
    expect(told).toEqual([]);
    requested.onEvaluation({} as Watched);
    expect(told).toEqual(['evaluation']);
  });

  test('is not called for what a script does', async () => {
    start().onMount(offer({ ignore: 'leave' }));
    await arrive();
    act(false);
    expect(told).toEqual([]);
    act();
    expect(told).toEqual(['touch']);
  });

  test('is stopped as soon as it is there, where the tracker was stopped before', async () => {
    const requested = start();
    requested.onMount(offer({ ignore: 'leave' }));
    requested.stop();
    await arrive();
    expect(told).toEqual(['stop']);
  });
});

describe('a page that asks whether offers are covered', () => {
  test('takes them for covered until somebody can tell, and has them looked at then', async () => {
    const requested = start({ occlusion: true });
    expect(requested.isClear(find('p'))).toBe(false);
    await arrive();
    expect(requested.isClear(find('p'))).toBe(false);
    expect(rechecks).toBe(1);
  });

  test('goes without if it cannot begin, with one report', async () => {
    const requested = start({ occlusion: true });
    const cause = new TypeError('not by this observer');
    answer.resolve({
      ...TELLING,
      VERSION: '',
      createMore: () => {
        throw cause;
      },
    });
    await settle();
    requested.onViewed(offer());
    await settle();
    expect(requested.isClear(find('p'))).toBe(true);
    expect(reports.map((report) => report.cause)).toEqual([cause]);
  });

  test('goes without where it does not come, with one report', async () => {
    const requested = start({ occlusion: true, ignore: 'leave' });
    requested.onMount(offer());
    const cause = new TypeError('Failed to fetch dynamically imported module');
    answer.reject(cause);
    await settle();
    requested.onMount(offer());
    requested.onViewed(offer());
    requested.onLeave();
    await settle();
    expect(requested.isClear(find('p'))).toBe(true);
    expect(rechecks).toBe(1);
    expect(reports.map(({ code, hint }) => [code, hint])).toEqual([
      ['configuration', 'Serve offersight-more.js of this version.'],
    ]);
    expect(reports[0]?.cause).toBe(cause);
  });
});
