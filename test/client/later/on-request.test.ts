import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { load } from '../../../src/client/asking.js';
import type { Placement } from '../../../src/client/detect/placement.js';
import type { Ignoring, IgnoringContext } from '../../../src/client/later/more/ignoring.js';
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
import { type FakeRuntime, fakeRuntime, settle } from '../../support/runtime.js';

vi.mock('../../../src/client/asking.js', () => ({ load: { more: vi.fn() } }));

type Room = Awaited<ReturnType<typeof load.more>>;

let page: FakePage;
let runtime: FakeRuntime;
let answer: Deferred<Room>;
let reports: OffersightError[];
/** What the room got, in order, and what it works with. */
let told: string[];
let given: IgnoringContext | undefined;

beforeEach(() => {
  page = fakePage();
  runtime = fakeRuntime();
  answer = deferred();
  reports = [];
  told = [];
  given = undefined;
  vi.mocked(load.more).mockReset().mockReturnValue(answer.promise);
  render('<p data-offer-id="a"><b>Buy</b></p>');
});

afterEach(() => page.stop());

const start = (options: OnRequestContext['options'] = {}): OnRequest => {
  const report = (error: OffersightError): number => reports.push(error);
  return createOnRequest(
    { options, page, registry: placementsOfPage(), runtime, report },
    documentOnly(page),
    { onDismiss: () => undefined },
  );
};

const offer = (more: Partial<Placement> = {}): Placement => ({ element: find('p'), offerId: 'a', ...more });

/** The part arrives. */
const arrive = async (): Promise<void> => {
  await runtime.advance(0);
  const hear = (name: string) => (): void => void told.push(name);
  const ignoring: Ignoring = {
    onMount: hear('mount'),
    onUnmount: hear('unmount'),
    onViewed: hear('viewed'),
    onReaction: hear('reaction'),
    onTouch: hear('touch'),
    onLeave: hear('leave'),
    stop: hear('stop'),
  };
  answer.resolve({
    ...TELLING,
    VERSION: '',
    createIgnoring(context) {
      given = context;
      return ignoring;
    },
  });
  await settle();
};

const act = (isTrusted = true): void =>
  void find('b').dispatchEvent(trusted(new Event('click', { bubbles: true }), isTrusted));

describe('what only some pages need', () => {
  test.each<[string, OnRequestContext['options'], Partial<Placement>, string]>([
    ['a page that says when offers are ignored', { ignore: 'leave' }, {}, ''],
    ['an offer that is given with its own time', {}, { ignore: 0 }, ''],
    ['an element with the attribute', {}, {}, 'data-offer-ignore'],
  ])('is asked for once by %s', async (_, options, settings, attribute) => {
    if (attribute) find('p').setAttribute(attribute, '5000');
    const requested = start(options);
    requested.onMount(offer(settings));
    requested.onMount(offer(settings));
    await runtime.advance(0);
    expect(load.more).toHaveBeenCalledTimes(1);
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
  ])('is not asked for by %s', async (_, ignore) => {
    const requested = start({ ignore: ignore as 'off' });
    find('p').setAttribute('data-offer-ignore', typeof ignore === 'string' ? ignore : '');
    requested.onMount(offer({ ignore: ignore as 'off' }));
    requested.onViewed(offer({ ignore: ignore as 'off' }));
    act();
    await runtime.advance(0);
    expect(load.more).not.toHaveBeenCalled();
  });

  test('is asked for by an attribute that came between mounting and counting', async () => {
    const requested = start();
    requested.onMount(offer());
    find('p').setAttribute('data-offer-ignore', 'leave');
    requested.onViewed(offer());
    await arrive();
    expect(told).toEqual(['viewed']);
  });

  test('is not called for what a script does', async () => {
    start().onMount(offer({ ignore: 'leave' }));
    await arrive();
    act(false);
    expect(told).toEqual([]);
    act();
    expect(told).toEqual(['touch']);
  });

  test('is not made where the tracker was stopped before it was there', async () => {
    const requested = start();
    requested.onMount(offer({ ignore: 'leave' }));
    requested.stop();
    await arrive();
    expect([given, told]).toEqual([undefined, []]);
  });
});

test('goes without where it does not come, with one report', async () => {
  const requested = start({ ignore: 'leave' });
  requested.onMount(offer());
  await runtime.advance(0);
  const cause = new TypeError('Failed to fetch dynamically imported module');
  answer.reject(cause);
  await settle();
  requested.onMount(offer());
  requested.onViewed(offer());
  requested.onLeave();
  await settle();
  expect(reports.map(({ code, hint }) => [code, hint])).toEqual([
    ['load', `offersight-more.js did not load: ${cause}`],
  ]);
  expect(reports[0]?.cause).toBe(cause);
});
