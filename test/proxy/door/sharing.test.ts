/** Processes that share an intake share the budgets of visitors, except what comes within a second. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBudgets } from '../../../src/proxy/door/budgets.js';
import { type Share, shareBudgets } from '../../../src/proxy/door/sharing.js';
import type { OfferProxyOptions, Spent } from '../../../src/proxy/index.js';
import { temporaryFolder } from '../../support/intake.js';
import { noContent, type StartedProxy } from '../../support/proxy.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';
import { intakeHere } from '../../support/sqlite.js';
import { recordStatements } from '../../support/statements.js';
import { body, holdLimiterClock, post, start } from '../../support/visitors.js';

holdLimiterClock();

let folder: ReturnType<typeof temporaryFolder>;
const running: StartedProxy[] = [];
const clocks: FakeRuntime[] = [];

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  running.length = 0;
  clocks.length = 0;
  folder.remove();
});

/** One more process over the same file. */
const another = (options: Partial<OfferProxyOptions> = {}): StartedProxy => {
  const { intake: _, ...others } = options;
  const intake = intakeHere({ file: join(folder.path, 'intake.db') });
  // Each process has names of its own.
  const bits = BigInt(clocks.length + 1) << 32n;
  let drawn = 0n;
  const clock = fakeRuntime({ fetch: async () => noContent(), randomBits: () => bits + ++drawn });
  clocks.push(clock);
  const started = start({ ...others, ...{ intake, runtime: clock } });
  running.push(started);
  return started;
};

const advance = async (ms: number): Promise<void> => {
  vi.advanceTimersByTime(ms);
  for (const clock of clocks) await clock.advance(ms);
};

/** Posts one event to each in turn, ten times a second. Returns how many were taken. */
const flood = async (seconds: number, headers = {}, connection?: { address: string }): Promise<number> => {
  let taken = 0;
  for (let tenth = 0; tenth < seconds * 10; tenth++) {
    for (const each of running) if ((await post(each, body(), headers, connection)).status === 200) taken++;
    await advance(100);
  }
  return taken;
};

describe('two processes over one intake', () => {
  it.each([0, 300, 500, 900])(
    'take from one address at most its budget and what comes within a second, if one begins %i ms later',
    async (delayMs) => {
      another({ limits: { perAddress: 60 } });
      await advance(delayMs);
      another({ limits: { perAddress: 60 } });
      await advance(3_000);
      const taken = await flood(10);
      expect(taken).toBeGreaterThanOrEqual(60);
      expect(taken).toBeLessThanOrEqual(60 + 20);
      // Another address has a budget of its own.
      for (const each of running)
        expect((await post(each, body(), {}, { address: '203.0.113.8' })).status).toBe(200);
    },
  );

  it('also share the budgets of users, who may have any address', async () => {
    const subject = (request: Request): string | undefined => request.headers.get('x-session') ?? undefined;
    another({ subject, limits: { perSubject: 60, perAddress: Infinity } });
    another({ subject, limits: { perSubject: 60, perAddress: Infinity } });
    await advance(3_000);
    const taken = await flood(10, { 'x-session': 'ada' });
    expect(taken).toBeGreaterThanOrEqual(60);
    expect(taken).toBeLessThanOrEqual(60 + 20);
  });

  it('give the whole budget again after a minute', async () => {
    another({ limits: { perAddress: 60 } });
    another({ limits: { perAddress: 60 } });
    await advance(3_000);
    await flood(10);
    await advance(61_000);
    const taken = await flood(10);
    expect(taken).toBeGreaterThanOrEqual(60);
    expect(taken).toBeLessThanOrEqual(60 + 20);
  });

  it('count what one of them gave out in the minute before the other one began', async () => {
    const [first] = [another({ limits: { perAddress: 60 } })];
    await advance(3_000);
    expect(await flood(8)).toBe(60);
    const second = another({ limits: { perAddress: 60 } });
    await advance(3_000);
    // The first request makes it ask for what the others gave.
    expect((await post(second)).status).toBe(200);
    await advance(1_000);
    expect([(await post(first)).status, (await post(second)).status]).toEqual([429, 429]);
  });
});

describe('a process that is alone', () => {
  it('writes nothing of what it gives out', async () => {
    const executed = recordStatements();
    another({ limits: { perAddress: 600 } });
    await advance(2_000);
    executed.length = 0;
    await flood(5);
    const ours = executed.filter((sql) => sql.includes('budgets'));
    expect(ours.length).toBeGreaterThan(2);
    expect([...new Set(ours)]).toEqual([expect.stringMatching(/^SELECT 1 FROM budgets/)]);
  });
});

describe('sharing', () => {
  const asked: (readonly Spent[])[] = [];
  const runtime = fakeRuntime();
  let share: Share;
  const make = (limits = {}) =>
    shareBudgets(
      createBudgets({ perAddress: 10, perSubject: 10, ...limits }, 150),
      (spent) => {
        asked.push(spent);
        return share(spent);
      },
      runtime,
    );

  /** What was reported: a process that looks for others reports nothing. */
  const reported = () => asked.filter(({ length }) => length);

  beforeEach(() => {
    asked.length = 0;
    share = async (spent) => ({ names: spent.map(({ name }) => `#${name}`), others: [] });
  });

  it('reports again what it could not report', async () => {
    const { budgets, close } = make();
    await runtime.advance(1_000);
    share = async () => {
      throw new Error('away');
    };
    await budgets.address.take('a', 3);
    await runtime.advance(1_000);
    await budgets.address.take('a', 1);
    await runtime.advance(1_000);
    expect(reported()).toEqual([[{ name: 'address a', events: 3 }], [{ name: 'address a', events: 4 }]]);
    await close();
  });

  it('reports what was given back, and does not report what was refused', async () => {
    const { budgets, close } = make();
    await budgets.subject.take('a', 10);
    expect(await budgets.subject.take('a', 1)).toBeGreaterThan(0);
    await runtime.advance(1_000);
    await budgets.subject.giveBack('a', 4);
    await runtime.advance(1_000);
    expect(reported()).toEqual([[{ name: 'subject a', events: 10 }], [{ name: 'subject a', events: -4 }]]);
    await close();
  });

  it('counts what others gave to somebody who comes here only later', async () => {
    const { budgets, close } = make();
    share = async () => ({ names: [], others: [{ name: '#address a', events: 10 }] });
    await runtime.advance(1_000);
    share = async (spent) => ({ names: spent.map(({ name }) => `#${name}`), others: [] });
    expect(await budgets.address.take('a', 1)).toBeUndefined();
    await runtime.advance(1_000);
    expect(await budgets.address.take('a', 1)).toBeGreaterThan(0);
    expect(await budgets.address.take('b', 1)).toBeUndefined();
    await close();
  });

  it('counts what others gave only once, however often it reports after that', async () => {
    const { budgets, close } = make();
    share = async () => ({ names: [], others: [{ name: '#address a', events: 4 }] });
    await runtime.advance(1_000);
    share = async (spent) => ({ names: spent.map(({ name }) => `#${name}`), others: [] });
    const waits: unknown[] = [];
    for (let event = 1; event <= 7; event++) {
      waits.push(await budgets.address.take('a', 1));
      await runtime.advance(1_000);
    }
    // Of 10 events, others gave 4.
    expect(waits).toEqual([...Array.from({ length: 6 }, () => undefined), expect.any(Number)]);
    expect(reported()).toHaveLength(6);
    await close();
  });

  it('asks rarely while nothing is given out, and never once it is closed', async () => {
    const { budgets, close } = make();
    await runtime.advance(60_500);
    expect(asked).toEqual([[], [], []]);
    await close();
    await budgets.address.take('a', 1);
    await runtime.advance(60_000);
    expect(asked).toHaveLength(3);
  });

  it('names nobody while a process is alone, and asks rarely again a minute after the last visitor', async () => {
    const { budgets, close } = make();
    share = async () => undefined;
    await budgets.address.take('a', 1);
    await runtime.advance(61_500);
    expect(reported()).toEqual([]);
    asked.length = 0;
    await runtime.advance(60_000);
    expect(asked).toHaveLength(3);
    await close();
  });

  it('does not happen for budgets that are switched off', async () => {
    const { close } = make({ perAddress: Infinity, perSubject: Infinity });
    await runtime.advance(60_000);
    expect(asked).toEqual([]);
    await close();
  });

  it('reports a thousand visitors at a time', async () => {
    const { budgets, close } = make();
    for (let at = 0; at < 1_500; at++) await budgets.address.take(`${at}`, 1);
    await runtime.advance(2_000);
    expect(reported().map(({ length }) => length)).toEqual([1_000, 500]);
    expect(new Set(asked.flat().map(({ name }) => name)).size).toBe(1_500);
    await close();
  });
});
