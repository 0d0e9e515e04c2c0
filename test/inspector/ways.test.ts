/** How far the inspector says that events came: never further than they did. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventListeners, Inside, PageView } from '../../src/client/inside.js';
import type { Consent } from '../../src/client/outbox/outbox.js';
import type { OutboxEntry } from '../../src/client/outbox/records.js';
import type { OfferEvent } from '../../src/protocol/event.js';
import { reportOf } from '../../src/tools/inspector/report.js';
import type { Stored } from '../../src/tools/inspector/stored.js';
import { createWays, type Delivered, type Way, type Ways } from '../../src/tools/inspector/ways.js';
import { PATIENCE_MS } from '../support/patience.js';
import { createPlacements } from '../support/placements.js';
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
  endpoint: '/offer-events',
  notBeforeAt: 0,
  ...fields,
});

const one = viewedEvent(1);
const registry = { placements: createPlacements() };

let owner: { consent: Consent };
let listeners: Inside['listeners'];
let told: string[];
let view: PageView;
let runtime: ReturnType<typeof fakeRuntime>;
let ways: Ways;

beforeEach(() => {
  told = [];
  owner = { consent: 'granted' };
  listeners = new Set([
    {
      onEvent: ({ id }, isDurable) => told.push(`${id} ${isDurable}`),
      onDiscard: ({ id }, reason) => told.push(`${id} ${reason}`),
    },
  ]);
  view = new Map() as PageView;
  view.set(one.offerId, { id: one.impressionId, isOnce: false });
  runtime = fakeRuntime();
  ways = createWays({ options: { name: 'shop' }, owner, listeners, registry }, view, runtime);
});
afterEach(() => ways.stop());

/** Calls the listeners, as the tracker does. */
const tell: EventListeners = {
  onEvent: (...event) => {
    for (const listener of listeners) listener.onEvent?.(...event);
  },
  onDiscard: (...event) => {
    for (const listener of listeners) listener.onDiscard?.(...event);
  },
};

/** Dispatches the event that the tracker dispatches when an offer counts. */
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
  it('is being stored until it is reported to the page', async () => {
    await announce();
    expect(brief(said(read()))).toEqual([1, false, 'being stored, or known already in this browser']);
  });

  it('is recorded once it is durable, and the page’s callback runs as before', async () => {
    await announce();
    tell.onEvent?.(one, true);
    expect(brief(said(read({ entries: [entryOf(one)] })))).toEqual([1, false, undefined]);
    expect(told).toEqual([`${one.id} true`]);
  });

  it('says how the offer was closed if it is a dismissal, in the list and as text', () => {
    const { type: _, ...about } = one;
    tell.onEvent?.({ ...about, type: 'dismissed', reason: 'control' }, true);
    const all = ways.list(read(), new Map(), START);
    const way = all.find(({ type }) => type === 'dismissed');
    expect(way?.reason).toBe('control');
    expect(all.filter(({ reason }) => reason !== undefined)).toEqual([way]);
    const none = { problem: undefined, endpoint: undefined, others: [], offers: [], offerCount: 0 };
    const lists = { waiting: [], page: [], settings: [], mistakes: [], unseen: [], closings: [] };
    expect(reportOf({ ...none, ...lists, events: way ? [way] : [] }, START)).toContain(
      ` dismissed (control) ${one.offerId}: `,
    );
  });

  it('is only in memory if the database does not take it, even if an older record is there', async () => {
    await announce();
    tell.onEvent?.(one, false);
    expect(brief(said(read()))).toEqual([1, false, expect.stringContaining('only in this page’s memory')]);
  });

  it('is on its way while it is reserved, and back when that is over', async () => {
    await announce();
    tell.onEvent?.(one, true);
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
    tell.onEvent?.(one, true);
    const deferred = entryOf(one, { notBeforeAt: START + 60_000 });
    expect(brief(said(read({ entries: [deferred] })))).toEqual([
      1,
      false,
      expect.stringMatching(/^deferred until/),
    ]);
  });

  it('was taken, once it is gone from the database, only if somebody says so', async () => {
    await announce();
    tell.onEvent?.(one, true);
    expect(brief(said(read()))).toEqual([
      1,
      true,
      expect.stringMatching(/^no longer waits .* given up, or the storage was cleared$/),
    ]);
  });

  it('is not called gone by a look that began before it was stored', async () => {
    await announce();
    const before = read();
    runtime.pass(1);
    tell.onEvent?.(one, true);
    expect(brief(said(before))).toEqual([1, false, undefined]);
  });

  it('is not called gone by a look that saw a part of what waits', async () => {
    await announce();
    tell.onEvent?.(one, true);
    const others = [entryOf(viewedEvent(2))];
    expect(brief(said(read({ entries: others, waiting: 2 })))).toEqual([1, false, undefined]);
  });

  it('was taken if its settlement is sent between tabs, also if nothing can be read', async () => {
    await announce();
    const channel = new BroadcastChannel('shop');
    channel.postMessage([one.id]);
    await vi.waitFor(() => expect(brief(said(undefined))).toEqual([3, false, undefined]), PATIENCE_MS);
    // This holds even if the user takes consent back afterwards.
    owner.consent = 'denied';
    expect(brief(said(undefined))).toEqual([3, false, undefined]);
    channel.close();
  });

  it('was taken if it was answered while the database was being read', async () => {
    const channel = new BroadcastChannel('shop');
    const other = new BroadcastChannel('shop');
    const isTold = new Promise((resolve) => other.addEventListener('message', resolve));
    channel.postMessage([one.id]);
    await isTold;
    // Only now a look that began earlier shows that there is such an event.
    said(read({ entries: [entryOf(one)] }));
    expect(brief(said(read()))).toEqual([3, false, undefined]);
    channel.close();
    other.close();
  });

  it('was not taken if another tab gave it up', async () => {
    await announce();
    tell.onEvent?.(one, true);
    const channel = new BroadcastChannel('shop');
    channel.postMessage(['', one.id]);
    await vi.waitFor(
      () => expect(brief(said(read()))).toEqual([1, true, 'given up, or refused, in another tab']),
      PATIENCE_MS,
    );
    channel.close();
  });

  it('is not listed if it is of another tracker, or if the page made it up', async () => {
    await announce(viewedEvent(2));
    document.dispatchEvent(new Event('offersight:viewed', { bubbles: true }));
    await Promise.resolve();
    expect(ways.list(read(), new Map(), START).map(({ offerId }) => offerId)).toEqual([one.offerId]);
  });

  it.each([
    ['expired', undefined, 'expired: it waited too long, or its offer ended'],
    ['refused', 'machine', expect.stringMatching(/^refused as machine: /)],
  ] as const)(
    'says so if it was given up as %s, even when its settlement is sent',
    async (reason, code, why) => {
      await announce();
      tell.onEvent?.(one, true);
      tell.onDiscard?.(one, reason, code);
      expect(brief(said(read()))).toEqual([reason === 'refused' ? 2 : 1, true, why]);
      expect(told).toEqual([`${one.id} true`, `${one.id} ${reason}`]);
    },
  );

  it('is a dead letter if another tab heard its refusal', async () => {
    await announce();
    tell.onEvent?.(one, true);
    const dead = [{ event: one, code: 'invalid_event', deadAt: START }];
    expect(brief(said(read({ dead })))).toEqual([
      2,
      true,
      expect.stringMatching(/^refused as invalid_event: /),
    ]);
  });

  it('was not recorded if a listener vetoed it', async () => {
    await announce(one, true);
    expect(brief(said(read()))).toEqual([0, true, expect.stringContaining('preventDefault')]);
  });

  it.each([
    ['pending', false, 'only in memory, until the user consents'],
    ['denied', true, 'given up, since consent was denied'],
  ] as const)('says so if there is no consent (%s)', async (consent, isOver, why) => {
    owner.consent = consent;
    await announce();
    expect(brief(said(read()))).toEqual([1, isOver, why]);
  });

  it('reached Chargebee only if the mock API says so', async () => {
    await announce();
    tell.onEvent?.(one, true);
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

describe('an event that was recorded before the inspector was opened', () => {
  it('is found in the database if it still waits', () => {
    expect(brief(said(read({ entries: [entryOf(one)] })))).toEqual([1, false, undefined]);
    // Nobody knows what became of it once it is gone from there.
    expect(brief(said(read()))).toEqual([1, true, expect.stringMatching(/^no longer waits/)]);
  });

  it('is not listed if it belongs to other pages', () => {
    view.clear();
    expect(said(read({ entries: [entryOf(one)] }))).toBeUndefined();
  });

  it('was delivered, refused or given up if it is gone; nobody knows of a dismissal', () => {
    view.set(one.offerId, { id: one.impressionId, isOnce: false, isDismissed: true });
    const found = ways.list(read(), new Map(), START);
    expect(found.map(({ type, steps, isIdKnown, why }) => [type, steps, isIdKnown, why])).toEqual([
      ['viewed', 1, false, expect.stringMatching(/^no longer waits .* before the inspector was opened/)],
    ]);
  });

  it.each([
    ['nothing can be read', undefined],
    ['more waits than was looked at', { ...EMPTY, waiting: 1, readAt: 1 }],
  ])('is only known to be recorded if %s', (_, stored) => {
    expect(brief(said(stored))).toEqual([1, false, 'recorded before the inspector was opened']);
  });
});

it('listening ends when it is stopped, and the page still hears events', async () => {
  await announce();
  ways.stop();
  tell.onEvent?.(one, true);
  expect(said(read())?.why).toBe('being stored, or known already in this browser');
  expect(told).toEqual([`${one.id} true`]);
});
