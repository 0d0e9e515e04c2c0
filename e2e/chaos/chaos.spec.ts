import { test as base } from '@playwright/test';
import { check } from '../../test/history/checker.js';
import type { Row } from '../../test/history/row.js';
import { bePatient, expect } from '../fixtures/patience.js';
import { heal } from './healing.js';
import { act, killBrowser } from './nemesis.js';
import { planOf } from './plan.js';
import { withReasons } from './reasons.js';
import { runPlan } from './run.js';
import { command, type Tab } from './tabs.js';
import { inTrueOrder, type Told } from './true-order.js';
import { withUnheard, withUnheardEnds } from './unheard.js';
import { wipe } from './wiping.js';
import { createWorld, type World } from './world.js';

/** How long a world may last, milliseconds: it has a browser and two proxies of its own. */
const WORLD_MS = 300_000;

/** Each test has a world in which nothing happens except what the test does. */
const test = base.extend<{ world: World }>({
  async world({ launchOptions }, use, testInfo) {
    bePatient(testInfo, WORLD_MS);
    const world = await createWorld(launchOptions, 'module');
    await use(world);
    await world.close();
  },
});

/** Seeds of short runs. Together they kill the browser, a renderer and proxies at several points. */
const SEEDS = [71, 153, 155, 219];
const STEPS = 25;

test.describe('the delivery promise is kept under fire', () => {
  for (const seed of SEEDS) {
    test(`nothing breaks it in the run of seed ${seed}`, async ({ launchOptions }) => {
      test.setTimeout(WORLD_MS);
      const { checked } = await runPlan(planOf(seed, STEPS), launchOptions);
      const told = checked.broken.flatMap((name) => checked.invariants[name].breaches);
      expect(told, [...checked.stories.values()].join('\n\n')).toEqual([]);
      // Without events the run would show nothing.
      for (const name of ['I1', 'I3', 'I4', 'I9'] as const)
        expect(checked.invariants[name].standing, checked.invariants[name].title).toBe('kept');
    });
  }
});

test.describe('a client that says neither the group of an offer nor how it was closed', () => {
  test('is noticed by the ledger, although everything that comes out of the client agrees', async ({
    world,
  }) => {
    const tab = await world.open({ offers: 0 });
    // What the product announces is the event that it keeps, so this client has none of its own.
    await tab.page.addInitScript(() => {
      const forget = (announced: Event): void => {
        const { detail } = announced as CustomEvent<{ group?: string; reason?: string }>;
        delete detail.group;
        delete detail.reason;
      };
      for (const type of ['offersight:viewed', 'offersight:dismissed'])
        window.addEventListener(type, forget, { capture: true });
    });
    await tab.page.goto(world.addressOf(tab));
    await expect.poll(() => command(tab, 'waiting')).toBe(0);
    const takenTypes = async (): Promise<string[]> =>
      (await world.history()).flatMap((row) => (row.kind === 'taken' ? [row.cell?.type ?? ''] : []));
    await command(tab, 'show', 3);
    // What is closed before a frame has drawn it was never seen.
    await expect.poll(async () => (await takenTypes()).length).toBe(3);
    await command(tab, 'dismiss', 3);
    await expect.poll(async () => (await takenTypes()).length).toBe(6);
    await heal(world, false);
    const { invariants, broken } = check(await world.history());
    const told = broken.flatMap((name) => invariants[name].breaches).map(({ text }) => text);
    expect(broken, told.join('\n')).toEqual(['I19']);
    expect(told).toContain('said undefined undefined on its way, and summer undefined at first');
    expect(told).toContain('said undefined undefined on its way, and summer control at first');
  });
});

test.describe('the history of two transactions of one database', () => {
  const entry = { shelf: 'entry', id: 'x' } as const;
  const removed = (since: number, order?: number): Row =>
    Object.assign({ ...entry, kind: 'removed', tab: 't1', at: 200 } as const, { since, order });
  const leased = (since: number, order?: number): Row =>
    Object.assign({ ...entry, kind: 'put', tab: 't2', token: 'two', at: 201 } as const, { since, order });
  const kinds = (...rows: readonly Row[]): string[] => inTrueOrder(rows).map(({ kind }) => kind);

  test('has the order in which they took effect, whenever they began', () => {
    expect(kinds(removed(100, 2), leased(150, 1))).toEqual(['put', 'removed']);
    expect(kinds(removed(100, 1), leased(150, 2))).toEqual(['removed', 'put']);
    expect(kinds(removed(100, 2), leased(100, 1))).toEqual(['put', 'removed']);
  });

  test('has the times of their beginnings among everything else', () => {
    const hidden: Row = { kind: 'page', tab: 't3', change: 'hidden', at: 120 };
    expect(kinds(removed(100, 1), hidden, leased(150, 2))).toEqual(['removed', 'page', 'put']);
    expect(kinds(removed(100, 2), hidden, leased(150, 1))).toEqual(['page', 'put', 'removed']);
  });
});

test.describe('the number of a transaction', () => {
  const ordersOf = ({ recorder }: World): number[] =>
    recorder.rows.flatMap((row) => (row as Told).order ?? []);

  test('grows from page to page, and on in the outbox that replaces a lost one', async ({ world }) => {
    await world.open({ offers: 1 });
    await expect.poll(() => ordersOf(world).length).toBeGreaterThan(1);
    const tab = await world.open({ offers: 1 });
    await expect.poll(() => ordersOf(world).length).toBeGreaterThan(3);
    await wipe(world, tab);
    const [before] = ordersOf(world).sort((a, b) => b - a);
    const count = ordersOf(world).length;
    await world.open({ offers: 1 });
    await expect.poll(() => ordersOf(world).length).toBeGreaterThan(count);
    const after = ordersOf(world).slice(count);
    expect(Math.min(...after)).toBeGreaterThan(before ?? Infinity);
  });
});

test.describe('a document that another one replaced in its tab', () => {
  const opened = (tab: string): Row => ({ kind: 'opened', tab, watches: [], at: 1 });
  const deaths = (rows: readonly Row[]): unknown[] =>
    withUnheardEnds(rows).map((row) => (row.kind === 'killed' ? row.names : row.kind));

  test('counts as killed if its end was not reported', () => {
    expect(deaths([opened('t1.1.a'), opened('t2.2.b'), opened('t1.3.c')])).toEqual([
      'opened',
      'opened',
      ['t1.1.a'],
      'opened',
    ]);
  });

  test('does not count as killed again if it reported its end, however late, or was killed', () => {
    const left: Row = { kind: 'page', tab: 't1.1.a', change: 'pagehide', at: 1 };
    expect(deaths([opened('t1.1.a'), opened('t1.2.b'), left])).toEqual(['opened', 'opened', 'page']);
    const killed: Row = { kind: 'killed', what: 'browser', names: ['t1.1.a'], at: 1 };
    expect(deaths([opened('t1.1.a'), killed, opened('t1.2.b')])).toEqual(['opened', ['t1.1.a'], 'opened']);
  });

  test('counts as killed if a page of the browser itself replaced it, of which nothing else is said', () => {
    expect(deaths([opened('t1.1.a'), opened('t1.2.error'), opened('t1.3.c')])).toEqual([
      'opened',
      ['t1.1.a'],
      'opened',
    ]);
  });

  test('was replaced also by a page of the browser itself, about what it cannot load', async ({ world }) => {
    const tab = await world.open({ offers: 0 });
    await expect.poll(() => world.documentsOf(tab).length).toBe(1);
    await act(world, { act: 'offline', tab: 0, isOffline: true });
    await act(world, { act: 'navigate', tab: 0 });
    await expect.poll(() => world.documentsOf(tab).at(-1)).toMatch(/error$/);
  });
});

test.describe('an event of a page that was left, which only a later request names', () => {
  const left: Row = { kind: 'page', tab: 't1.1.a', change: 'pagehide', at: 1 };
  const contents = { x: JSON.stringify({ type: 'viewed', personalized_offer_id: 't1.1.a-7' }) };
  const asked: Row = {
    ...({ kind: 'requested', number: 1, tab: 't2.2.b', ids: ['x'] } as const),
    ...{ isFarewell: false, contents, at: 3 },
  };
  const made = (...serials: readonly number[]): unknown[] =>
    withUnheard([...serials.map((serial) => ({ ...left, serial }) as Row), asked]).flatMap((row) =>
      row.kind === 'created' ? [row.offerId] : [],
    );

  test('was created if rows of that page are missing, or if its browser was killed then', () => {
    expect(made(1, 3)).toEqual(['t1.1.a-7']);
    const killed: Row = { kind: 'killed', what: 'browser', names: ['t1.1.a'], at: 2 };
    const created = withUnheard([left, killed, asked]).filter(({ kind }) => kind === 'created');
    expect(created).toHaveLength(1);
  });

  test('was created before it was stored, and with the words that were taken', () => {
    const late = { ...left, at: 9, since: 1, serial: 1 } as Row;
    const stored = { kind: 'put', shelf: 'entry', id: 'x', tab: 't1.1.a', at: 8, since: 2, serial: 3 } as Row;
    const taken: Row = {
      ...({ kind: 'taken', id: 'x', proxy: 'p', verdict: { kind: 'accepted' } } as const),
      ...{ cell: { day: '2026-01-01', type: 'viewed', group: 'winter' }, at: 10 },
    };
    const rows = inTrueOrder(withUnheard([stored, late, { ...asked, at: 9.5 }, taken]));
    expect(rows.map(({ kind }) => kind)).toEqual(['page', 'created', 'put', 'requested', 'taken']);
    expect(rows[1]).toMatchObject({ group: 'winter' });
  });

  test('is an invention if no row of the page is missing', () => {
    expect(made(1, 2)).toEqual([]);
  });
});

test.describe('an entry that a page removed in its last words', () => {
  const said = { tab: 't1.1.a', order: 1, at: 1 };
  const removed = { kind: 'removed', shelf: 'entry', id: 'x', serial: 5, ...said } as Row;
  const killed: Row = { kind: 'killed', what: 'browser', names: ['t1.1.a'], at: 2 };
  const whys = (rows: readonly Row[], isNarrow: boolean): unknown[] =>
    withReasons(rows, isNarrow).flatMap((row) => (row.kind === 'removed' ? [row.why] : []));

  test('was removed to make room if there was hardly any and the browser was killed', () => {
    expect(whys([removed, killed], true)).toEqual(['storage-full']);
  });

  test('has no reason if there was room, if the page lived on, or if it wrote more rows', () => {
    expect(whys([removed, killed], false)).toStrictEqual([undefined]);
    expect(whys([removed], true)).toStrictEqual([undefined]);
    const later = { kind: 'page', change: 'hidden', ...said, serial: 6 } as Row;
    expect(whys([removed, later, killed], true)).toStrictEqual([undefined]);
  });
});

test.describe('a page that looks for the outbox', () => {
  const isWiped = ({ recorder }: World): boolean => recorder.rows.some(({ kind }) => kind === 'wiped');

  test('says that the outbox is gone if the next browser has none', async ({ world }) => {
    await killBrowser(world);
    await expect.poll(() => isWiped(world)).toBe(true);
  });

  test('says nothing if the outbox is there', async ({ world }) => {
    const { page } = await world.open({ offers: 1 });
    const databases = (): Promise<number> => page.evaluate(async () => (await indexedDB.databases()).length);
    await expect.poll(databases).toBe(1);
    const { name } = await world.open({ offers: 1, looks: true });
    // It looks for the outbox before it does anything else.
    const isRecorded = (): boolean =>
      world.recorder.rows.some((row) => row.kind === 'committed' && row.tab.startsWith(`${name}.`));
    await expect.poll(isRecorded).toBe(true);
    expect(isWiped(world)).toBe(false);
  });
});

test.describe('a page that waits for its database', () => {
  const stallsOf = ({ recorder }: World): unknown[] =>
    recorder.rows.flatMap((row) => (row.kind === 'fault' && row.where === 'storage' ? [row.target] : []));
  const wait = async (world: World, isSlow: boolean): Promise<Tab> => {
    const tab = await world.open({ offers: 1 });
    const isCommitted = (): boolean => world.recorder.rows.some(({ kind }) => kind === 'committed');
    await expect.poll(isCommitted).toBe(true);
    await tab.page.evaluate(async (slow) => {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('offersight');
        request.onsuccess = () => resolve(request.result);
      });
      const store = database.transaction('offersight', 'readwrite').objectStore('offersight');
      // A transaction lives as long as it asks for something.
      const hold = (): void => {
        store.get('nothing').onsuccess = hold;
      };
      if (slow) hold();
      await new Promise((resolve) => setTimeout(resolve, 1_200));
    }, isSlow);
    return tab;
  };
  const leave = async (world: World, isSlow: boolean): Promise<string | undefined> => {
    const tab = await wait(world, isSlow);
    const [name] = world.documentsOf(tab);
    await tab.page.goto(world.addressOf(tab));
    await expect.poll(() => world.documentsOf(tab).length).toBe(2);
    return name;
  };

  test('says as it is left that its database had not answered for a second', async ({ world }) => {
    const name = await leave(world, true);
    await expect.poll(() => stallsOf(world)).toContain(name);
  });

  test('says so before it asks, since it may ask from memory', async ({ world }) => {
    const { page } = await wait(world, true);
    await page.evaluate(() => fetch('/offer-events', { method: 'POST', body: '{"events":[]}' }));
    const said = (): string[] =>
      world.recorder.rows.flatMap((row) => {
        if (row.kind === 'fault' && row.where === 'storage') return ['stall'];
        return row.kind === 'requested' && !row.ids[0] ? ['request'] : [];
      });
    await expect.poll(said).toContain('request');
    expect(said().slice(0, 2)).toEqual(['stall', 'request']);
  });

  test('does not say so if the database had answered', async ({ world }) => {
    const name = await leave(world, false);
    const isLeft = (): boolean =>
      world.recorder.rows.some((row) => row.kind === 'page' && row.tab === name && row.change === 'pagehide');
    await expect.poll(isLeft).toBe(true);
    expect(stallsOf(world)).toEqual([]);
  });
});

test.describe('a tab that sleeps', () => {
  const changesOf = ({ recorder }: World, { name }: Tab): string[] =>
    recorder.rows.flatMap((row) =>
      row.kind === 'page' && row.tab.startsWith(`${name}.`) ? [row.change] : [],
    );

  test('takes commands again as soon as it comes to the front', async ({ world }) => {
    const tab = await world.open({ offers: 0 });
    // Before its tracker is there, a page has no answer, awake or not.
    await expect.poll(() => command(tab, 'waiting')).toBe(0);
    await act(world, { act: 'freeze', tab: 0 });
    await expect.poll(() => changesOf(world, tab)).toContain('frozen');
    expect(await command(tab, 'waiting')).toBeUndefined();
    await act(world, { act: 'front', tab: 0 });
    expect(await command(tab, 'waiting')).toBe(0);
  });

  test('sleeps to the end of the run if it has to, also if the browser woke it', async ({ world }) => {
    const tab = await world.open({ offers: 0 });
    await world.open({ offers: 0 });
    await act(world, { act: 'freeze', tab: 0 });
    await expect.poll(() => changesOf(world, tab)).toContain('frozen');
    // The browser does the same to a tab that is shown after another one was closed.
    await tab.page.bringToFront();
    await expect.poll(() => changesOf(world, tab)).toContain('thawed');
    await heal(world, true);
    expect(changesOf(world, tab).findLast((change) => ['frozen', 'thawed'].includes(change))).toBe('frozen');
  });
});

test.describe('an event that is recorded while the database fails', () => {
  const storesOf = ({ recorder }: World): unknown[] =>
    recorder.rows.flatMap((row) => (row.kind === 'committed' ? [row.store ? 'memory' : 'disk'] : []));

  test('is reported as in memory, and events after the recovery are not', async ({ world }) => {
    const tab = await world.open({ offers: 0 });
    const { page } = tab;
    // The tracker is there, and has no events.
    await expect.poll(() => command(tab, 'waiting')).toBe(0);
    await page.evaluate(() => {
      const { transaction } = IDBDatabase.prototype;
      const fail = (): never => {
        throw new DOMException('The database connection is closing.', 'InvalidStateError');
      };
      IDBDatabase.prototype.transaction = fail;
      addEventListener('mend', () => {
        IDBDatabase.prototype.transaction = transaction;
        dispatchEvent(new Event('pageshow'));
      });
    });
    world.network.arm('drop-request', 1_000, 0);
    await command(tab, 'flood', 1);
    // Each offer gives two events, and the first of them may be reported before the error is.
    await expect.poll(() => storesOf(world).length).toBe(2);
    await command(tab, 'flood', 1);
    await expect.poll(() => storesOf(world).slice(2)).toEqual(['memory', 'memory']);
    await page.evaluate(() => dispatchEvent(new Event('mend')));
    const isMoved = (): boolean => world.recorder.rows.filter(({ kind }) => kind === 'put').length >= 4;
    await expect.poll(isMoved).toBe(true);
    await command(tab, 'flood', 1);
    await expect.poll(() => storesOf(world).slice(4)).toEqual(['disk', 'disk']);
  });
});
