/** How requests that come while a transaction is written share the next one. */
import { describe, expect, it, vi } from 'vitest';
import type { Verdict } from '../../../src/protocol/batch.js';
import { systemCodeOf } from '../../../src/proxy/alerts/cause.js';
import type { AdmittedEvent } from '../../../src/proxy/index.js';
import {
  askInGroups,
  createGrouping,
  type GroupingContext,
} from '../../../src/proxy/intake/sql/group-commit.js';
import { platformRuntime } from '../../../src/runtime.js';
import { admitted } from '../../support/intake.js';
import { fakeRuntime } from '../../support/runtime.js';
import { numbers } from './intake.contract.js';

const ACCEPTED: Verdict = { kind: 'accepted' };

/** Grouping over transactions that a test ends by itself. */
const groupingOf = (context: Partial<GroupingContext> = {}) => {
  const groups: { readonly events: readonly AdmittedEvent[]; end(cause?: unknown): void }[] = [];
  const grouping = createGrouping(
    (events) =>
      new Promise((resolve, reject) => {
        groups.push({
          events,
          end(cause) {
            if (cause) reject(cause);
            else resolve(new Map(events.map(({ id }) => [id, ACCEPTED])));
          },
        });
      }),
    { runtime: platformRuntime(), isOwnFault: () => true, ...context },
  );
  const next = async (at: number) => vi.waitUntil(() => groups[at], { interval: 1 });
  return { ...grouping, groups, next };
};

describe('requests', () => {
  it('that come while a transaction is written go into the next one together, each with its own verdicts', async () => {
    const { take, groups, next } = groupingOf();
    const answers = [[1], [2, 3], [4]].map((some) => take(some.map((number) => admitted(number))));
    (await next(0)).end();
    (await next(1)).end();
    expect((await Promise.all(answers)).map(({ size }) => size)).toEqual([1, 2, 1]);
    expect(groups.map(({ events }) => numbers(events))).toEqual([[1], [2, 3, 4]]);
  });

  it('that have the same event write it once, and only the first of them has it accepted', async () => {
    const { take, groups, next } = groupingOf();
    const answers = [[1], [2], [3, 2], [2]].map((some) => take(some.map((number) => admitted(number))));
    for (const at of [0, 1]) (await next(at)).end();
    const kinds = (await Promise.all(answers)).map((verdicts) =>
      [...verdicts.values()].map(({ kind }) => kind),
    );
    expect(kinds).toEqual([['accepted'], ['accepted'], ['accepted', 'duplicate'], ['duplicate']]);
    expect(groups.map(({ events }) => numbers(events))).toEqual([[1], [2, 3]]);
  });

  it('that name one id for different events go into different transactions, and nobody else waits for that', async () => {
    const { take, groups, next } = groupingOf();
    const other = admitted(2, { offerId: 'other' });
    const answers = [
      [admitted(1)],
      [admitted(2)],
      [admitted(3), other],
      [admitted(4)],
      [admitted(2)],
      [other],
    ].map(take);
    for (const at of [0, 1, 2]) (await next(at)).end();
    await Promise.all(answers);
    expect(groups.map(({ events }) => numbers(events))).toEqual([[1], [2, 4], [3, 2]]);
  });

  it('without events, which ask whether anything can be written, have a transaction of their own', async () => {
    const { take, groups, next } = groupingOf();
    const answers = [[1], [], [2], []].map((some) => take(some.map((number) => admitted(number))));
    for (const at of [0, 1, 2, 3]) (await next(at)).end();
    await Promise.all(answers);
    expect(groups.map(({ events }) => numbers(events))).toEqual([[1], [], [2], []]);
  });

  it('share a transaction of at most 1,000 events, and a larger one has a transaction of its own', async () => {
    const { take, groups, next } = groupingOf();
    const of = (from: number, count: number) =>
      take(Array.from({ length: count }, (_, at) => admitted(from + at)));
    const answers = [of(1, 1), of(10_000, 600), of(20_000, 400), of(30_000, 1), of(40_000, 3_000)];
    for (const at of [0, 1, 2, 3]) (await next(at)).end();
    await Promise.all(answers);
    expect(groups.map(({ events }) => events.length)).toEqual([1, 1_000, 1, 3_000]);
  });

  it('share a transaction with at most 99 others, since all are answered in one turn of the loop', async () => {
    const { take, groups, next } = groupingOf();
    const answers = Array.from({ length: 151 }, (_, at) => take([admitted(at)]));
    // A repeated event counts each time, so a group does not grow by repeating one.
    const repeated = Array.from({ length: 5 }, () =>
      take(Array.from({ length: 500 }, (_, at) => admitted(1_000 + at))),
    );
    for (const at of [0, 1, 2, 3, 4]) (await next(at)).end();
    await Promise.all([...answers, ...repeated]);
    expect(groups.map(({ events }) => events.length)).toEqual([1, 100, 550, 500, 500]);
  });

  it('that conflict wait behind the others, and cost each group only a bounded look', async () => {
    const { take, groups, next } = groupingOf();
    const many = (content: string, from: number) =>
      take([
        ...Array.from({ length: 499 }, (_, at) => admitted(from + at)),
        admitted(9, { offerId: content }),
      ]);
    const first = take([admitted(1)]);
    const conflicting = Array.from({ length: 20 }, (_, at) => many(`other${at}`, 10_000 * (at + 1)));
    const honest = take([admitted(2)]);
    for (let at = 0; at < 21; at++) (await next(at)).end();
    await Promise.all([first, honest, ...conflicting]);
    // The first two looks end at 4,000 events. What they saw in vain is behind the honest one.
    expect(groups.findIndex(({ events }) => events.some(({ id }) => id === admitted(2).id))).toBe(3);
  });

  it('are taken one at a time if one of them fails by its own fault', async () => {
    const { take, groups, next } = groupingOf();
    const answers = [[1], [2], [3]].map((some) => take(some.map((number) => admitted(number))));
    const settled = Promise.allSettled(answers);
    (await next(0)).end();
    (await next(1)).end(new Error('one of them'));
    (await next(2)).end(new Error('this one'));
    (await next(3)).end();
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(groups.map(({ events }) => numbers(events))).toEqual([[1], [2, 3], [2], [3]]);
  });

  it('fail together if the database is away', async () => {
    const { take, groups, next } = groupingOf({ isOwnFault: () => false });
    const answers = [[1], [2], [3]].map((some) => take(some.map((number) => admitted(number))));
    (await next(0)).end();
    (await next(1)).end(new Error('away'));
    const settled = await Promise.allSettled(answers);
    expect(settled.map((one) => (one.status === 'rejected' ? String(one.reason) : one.status))).toEqual([
      'fulfilled',
      'Error: away',
      'Error: away',
    ]);
    expect(groups).toHaveLength(2);
  });
});

describe('a request', () => {
  it('that has waited for 5 s is rejected, and is not taken once its turn comes', async () => {
    const runtime = fakeRuntime();
    const { take, groups } = groupingOf({ runtime });
    const late = [1, 2].map((number) => take([admitted(number)]).catch(systemCodeOf));
    await runtime.advance(4_900);
    const third = take([admitted(3)]);
    await runtime.advance(200);
    expect(await Promise.all(late)).toEqual(['ETIMEDOUT', 'ETIMEDOUT']);
    groups[0]?.end();
    await runtime.advance(0);
    expect(groups.map(({ events }) => numbers(events))).toEqual([[1], [3]]);
    groups[1]?.end();
    expect((await third).size).toBe(1);
  });

  it('is not repeated after its group has failed, if its deadline was over before', async () => {
    const runtime = fakeRuntime();
    const { take, groups } = groupingOf({ runtime });
    const answers = [1, 2, 3].map((number) => take([admitted(number)]).catch(systemCodeOf));
    groups[0]?.end();
    await runtime.advance(0);
    await runtime.advance(5_100);
    groups[1]?.end(new Error('one of them'));
    await runtime.advance(0);
    expect((await Promise.all(answers)).slice(1)).toEqual(['ETIMEDOUT', 'ETIMEDOUT']);
    expect(groups.map(({ events }) => numbers(events))).toEqual([[1], [2, 3]]);
  });

  it('is answered before the intake counts as idle', async () => {
    const { take, groups, next, idle } = groupingOf();
    const order: string[] = [];
    const answers = [1, 2].map((number) => take([admitted(number)]).then(() => order.push(`${number}`)));
    const resting = idle().then(() => order.push('idle'));
    for (const at of [0, 1]) (await next(at)).end();
    await Promise.all([...answers, resting]);
    expect([order, groups.length]).toEqual([['1', '2', 'idle'], 2]);
  });
});

describe('questions whether events were taken', () => {
  it('are asked one at a time, those that came meanwhile together, and each gets its own answer', async () => {
    const asked: { readonly ids: readonly number[]; end(): void }[] = [];
    const knows = askInGroups(
      (events) =>
        new Promise((resolve) => {
          // The intake has the first three, with the content that these have here.
          const known = events.filter(({ id, content }) =>
            [1, 2, 3].some((number) => admitted(number).id === id && admitted(number).content === content),
          );
          asked.push({
            ids: numbers(events),
            end: () => resolve(new Set(known.map(({ id }) => id))),
          });
        }),
      { runtime: platformRuntime(), isOwnFault: () => false },
    );
    const other = admitted(2, { offerId: 'other' });
    const answers = [[admitted(1)], [admitted(2), admitted(7)], [admitted(3)], [other], [admitted(2)]].map(
      (events) => knows(events),
    );
    for (const at of [0, 1, 2]) (await vi.waitUntil(() => asked[at], { interval: 1 })).end();
    expect((await Promise.all(answers)).map((known) => numbers([...known].map((id) => ({ id }))))).toEqual([
      [1],
      [2],
      [3],
      [],
      [2],
    ]);
    expect(asked.map(({ ids }) => ids)).toEqual([[1], [2, 7, 3], [2]]);
  });
});
