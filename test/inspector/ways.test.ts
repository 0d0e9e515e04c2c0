/** How far the inspector says that events came: never further than they did. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PageView } from '../../src/client/inside.js';
import type { ResolvedOptions } from '../../src/client/options.js';
import type { OutboxEntry } from '../../src/client/outbox/records.js';
import type { Stored } from '../../src/inspector/stored.js';
import { createWays, type Delivered, type Way, type Ways } from '../../src/inspector/ways.js';
import type { OfferEvent } from '../../src/protocol/event.js';
import { fakeRuntime } from '../support/runtime.js';
import { START, viewedEvent } from '../support/wire.js';

const EMPTY: Omit<Stored, 'readAt'> = {
  entries: [],
  waiting: 0,
  dead: [],
  marks: [],
  pause: undefined,
};

const entryOf = (event: OfferEvent, fields: Partial<OutboxEntry> = {}): OutboxEntry => ({
  v: 1,
  event,
  notBeforeAt: 0,
  ...fields,
});

const one = viewedEvent(1);

let options: ResolvedOptions;
let told: string[];
let view: PageView;
let runtime: ReturnType<typeof fakeRuntime>;
let ways: Ways;

beforeEach(() => {
  told = [];
  options = {
    name: 'shop',
    consent: 'granted',
    onEvent: ({ id }: OfferEvent, isDurable: boolean) => told.push(`${id} ${isDurable}`),
    onDiscard: ({ id }: OfferEvent, reason: string) => told.push(`${id} ${reason}`),
  } as unknown as ResolvedOptions;
  view = new Map() as PageView;
  view.set(one.offerId, { id: one.impressionId, isOnce: false });
  runtime = fakeRuntime();
  ways = createWays(options, view, { placements: new Map() }, runtime);
});
afterEach(() => ways.stop());

/** What the page does when an offer counts. */
const announce = async (event = one, isVetoed = false): Promise<void> => {
  const announced = new CustomEvent(`offersight:${event.type}`, {
    detail: event,
    cancelable: true,
    bubbles: true,
  });
  if (isVetoed) document.addEventListener(announced.type, (heard) => heard.preventDefault(), { once: true });
  document.dispatchEvent(announced);
  await Promise.resolve();
};

/** A look into the database that began after everything so far. */
const read = (fields: Partial<Stored> = {}): Stored => {
  runtime.pass(1);
  return { ...EMPTY, waiting: fields.entries?.length ?? 0, readAt: runtime.elapsed(), ...fields };
};

const said = (
  stored: Stored | undefined,
  delivered: ReadonlyMap<string, Delivered> = new Map(),
): Way | undefined => {
  const [way] = ways.list(stored, delivered, START);
  return way;
};

const brief = (way: Way | undefined): readonly unknown[] => (way ? [way.steps, way.isOver, way.why] : []);

describe('an event', () => {
  it('is being stored until the page is told of it', async () => {
    await announce();
    expect(brief(said(read()))).toEqual([1, false, 'being stored, or known already in this browser']);
  });

  it('is recorded once it is durable, and the page is told as before', async () => {
    await announce();
    options.onEvent?.(one, true);
    expect(brief(said(read({ entries: [entryOf(one)] })))).toEqual([1, false, undefined]);
    expect(told).toEqual([`${one.id} true`]);
  });

  it('is in memory alone where the database does not take it, whatever stands there', async () => {
    await announce();
    options.onEvent?.(one, false);
    expect(brief(said(read()))).toEqual([1, false, expect.stringContaining('only in this page’s memory')]);
  });

  it('is on its way while it is reserved, and back when that is over', async () => {
    await announce();
    options.onEvent?.(one, true);
    const until = START + 15_000;
    const reserved = entryOf(one, { lease: { token: 't', until } });
    expect(brief(said(read({ entries: [reserved] })))).toEqual([
      2,
      false,
      expect.stringMatching(/^on its way/),
    ]);
    const over = entryOf(one, { lease: { token: 't', until: START } });
    expect(brief(said(read({ entries: [over] })))).toEqual([1, false, undefined]);
  });

  it('is deferred until its time', async () => {
    await announce();
    options.onEvent?.(one, true);
    const deferred = entryOf(one, { notBeforeAt: START + 60_000 });
    expect(brief(said(read({ entries: [deferred] })))).toEqual([
      1,
      false,
      expect.stringMatching(/^deferred until/),
    ]);
  });

  it('that is gone from the database was taken only if somebody says so', async () => {
    await announce();
    options.onEvent?.(one, true);
    expect(brief(said(read()))).toEqual([1, true, expect.stringMatching(/^no longer waits .* or given up$/)]);
  });

  it('is not called gone by a look that began before it was stored', async () => {
    await announce();
    const before = read();
    runtime.pass(1);
    options.onEvent?.(one, true);
    expect(brief(said(before))).toEqual([1, false, undefined]);
  });

  it('is not called gone by a look that saw a part of what waits', async () => {
    await announce();
    options.onEvent?.(one, true);
    const others = [entryOf(viewedEvent(2))];
    expect(brief(said(read({ entries: others, waiting: 2 })))).toEqual([1, false, undefined]);
  });

  it('was taken if its settlement is told between tabs, also where nothing can be read', async () => {
    await announce();
    const channel = new BroadcastChannel('shop');
    channel.postMessage([one.id]);
    await vi.waitFor(() => expect(brief(said(undefined))).toEqual([3, false, undefined]));
    // Also if the user takes consent back afterwards.
    options.consent = 'denied';
    expect(brief(said(undefined))).toEqual([3, false, undefined]);
    channel.close();
  });

  it('that was answered while the database was being read was taken', async () => {
    const channel = new BroadcastChannel('shop');
    const other = new BroadcastChannel('shop');
    const isTold = new Promise((resolve) => other.addEventListener('message', resolve));
    channel.postMessage([one.id]);
    await isTold;
    // Only now is it known that there is such an event, by a look that began earlier.
    said(read({ entries: [entryOf(one)] }));
    expect(brief(said(read()))).toEqual([3, false, undefined]);
    channel.close();
    other.close();
  });

  it('that another tab gave up was not taken', async () => {
    await announce();
    options.onEvent?.(one, true);
    const channel = new BroadcastChannel('shop');
    channel.postMessage(['', one.id]);
    await vi.waitFor(() =>
      expect(brief(said(read()))).toEqual([1, true, 'given up, or refused, in another tab']),
    );
    channel.close();
  });

  it('of another tracker, or made up by the page, is not listed', async () => {
    await announce(viewedEvent(2));
    document.dispatchEvent(new Event('offersight:viewed', { bubbles: true }));
    await Promise.resolve();
    expect(ways.list(read(), new Map(), START).map(({ offerId }) => offerId)).toEqual([one.offerId]);
  });

  it('is told with the page’s own options as its callback has them', () => {
    const heard: unknown[] = [];
    ways.stop();
    Object.assign(options, {
      onEvent(this: unknown) {
        heard.push(this === options);
      },
    });
    ways = createWays(options, view, { placements: new Map() }, runtime);
    options.onEvent?.(one, true);
    expect(heard).toEqual([true]);
  });

  it.each([
    ['expired', undefined, 'expired: it waited too long, or its offer ended'],
    ['refused', 'machine', expect.stringMatching(/^refused as machine: /)],
  ] as const)(
    'that was given up as %s says so, also when its settlement is told',
    async (reason, code, why) => {
      await announce();
      options.onEvent?.(one, true);
      options.onDiscard?.(one, reason, code);
      expect(brief(said(read()))).toEqual([reason === 'refused' ? 2 : 1, true, why]);
      expect(told).toEqual([`${one.id} true`, `${one.id} ${reason}`]);
    },
  );

  it('that another tab heard refused is a dead letter', async () => {
    await announce();
    options.onEvent?.(one, true);
    const dead = [{ event: one, code: 'invalid_event', deadAt: START }];
    expect(brief(said(read({ dead })))).toEqual([
      2,
      true,
      expect.stringMatching(/^refused as invalid_event: /),
    ]);
  });

  it('that a listener vetoed was not recorded', async () => {
    await announce(one, true);
    expect(brief(said(read()))).toEqual([0, true, expect.stringContaining('preventDefault')]);
  });

  it.each([
    ['pending', false, 'only in memory, until the user consents'],
    ['denied', true, 'given up, since consent was denied'],
  ] as const)('without consent (%s) says so', async (consent, isOver, why) => {
    options.consent = consent;
    await announce();
    expect(brief(said(read()))).toEqual([1, isOver, why]);
  });

  it('reached Chargebee only if the stand-in says so', async () => {
    await announce();
    options.onEvent?.(one, true);
    const states = [
      [{ state: 'delivered' }, [4, true, undefined]],
      [{ state: 'waiting', reason: '429' }, [1, true, expect.stringMatching(/^no longer waits/)]],
      [
        { state: 'refused', reason: 'resource_not_found' },
        [3, true, expect.stringMatching(/^refused as resource_not_found: /)],
      ],
    ] as const;
    for (const [state, expected] of states)
      expect(brief(said(read(), new Map([[one.id, state]])))).toEqual(expected);
  });
});

describe('what was recorded before the inspector was opened', () => {
  it('and still waits is found in the database', () => {
    expect(brief(said(read({ entries: [entryOf(one)] })))).toEqual([1, false, undefined]);
    // Nobody knows what became of it when it has gone from there.
    expect(brief(said(read()))).toEqual([1, true, expect.stringMatching(/^no longer waits/)]);
  });

  it('of other pages is not listed', () => {
    view.clear();
    expect(said(read({ entries: [entryOf(one)] }))).toBeUndefined();
  });

  it('and is gone was answered for, or given up; of a dismissal nobody knows', () => {
    view.set(one.offerId, { id: one.impressionId, isOnce: false, isDismissed: true });
    const found = ways.list(read(), new Map(), START);
    expect(found.map(({ type, steps, isIdKnown, why }) => [type, steps, isIdKnown, why])).toEqual([
      ['viewed', 1, false, expect.stringMatching(/^no longer waits .* before the inspector was opened/)],
    ]);
  });

  it.each([
    ['nothing can be read', undefined],
    ['more waits than was looked at', { ...EMPTY, waiting: 1, readAt: 1 }],
  ])('is only known to be recorded where %s', (_, stored) => {
    expect(brief(said(stored))).toEqual([1, false, 'recorded before the inspector was opened']);
  });
});

it('the page’s callbacks are its own again when it stops, unless somebody else stands there', () => {
  const { onEvent, onDiscard } = options;
  const other = (): void => undefined;
  ways.stop();
  expect(options.onEvent).not.toBe(onEvent);
  ways = createWays(options, view, { placements: new Map() }, runtime);
  Object.assign(options, { onEvent: other });
  ways.stop();
  expect(options.onEvent).toBe(other);
  expect(options.onDiscard).not.toBe(onDiscard);
  options.onDiscard?.(one, 'expired', undefined);
  expect(told).toEqual([`${one.id} expired`]);
});
