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
const viewed = (some: readonly number[]): AdmittedEvent[] => some.map((number) => admitted(number));
const range = (from: number, count: number): AdmittedEvent[] =>
  Array.from({ length: count }, (_, at) => admitted(from + at));

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
  /** Ends so many transactions in order, each with its failure if it has one. */
  const endAll = async (count: number, failures: Readonly<Record<number, string>> = {}): Promise<void> => {
    for (let at = 0; at < count; at++) {
      const group = await vi.waitUntil(() => groups[at], { interval: 1 });
      group.end(failures[at] === undefined ? undefined : new Error(failures[at]));
    }
  };
  return { ...grouping, groups, endAll };
};

describe('requests that come while a transaction is written', () => {
  const [one, other] = [admitted(2), admitted(2, { offerId: 'other' })];

  it.each<[string, readonly (readonly AdmittedEvent[])[], readonly (readonly number[])[]]>([
    ['go into the next one together', [viewed([1]), viewed([2, 3]), viewed([4])], [[1], [2, 3, 4]]],
    ['write an event once that several have', [viewed([1]), viewed([2]), viewed([3, 2])], [[1], [2, 3]]],
    ['that have no events have one of their own', [viewed([1]), [], viewed([2]), []], [[1], [], [2], []]],
    [
      'that name one id for different events go into different ones, and nobody else waits',
      [viewed([1]), [one], [admitted(3), other], viewed([4]), [one], [other]],
      [[1], [2, 4], [3, 2]],
    ],
  ])('%s', async (_, requests, written) => {
    const { take, groups, endAll } = groupingOf();
    const answers = requests.map(take);
    await endAll(written.length);
    const sizes = requests.map(({ length }) => length);
    expect((await Promise.all(answers)).map(({ size }) => size)).toEqual(sizes);
    expect(groups.map(({ events }) => numbers(events))).toEqual(written);
  });

  it('get verdicts of their own: only the first that has an event has it accepted', async () => {
    const { take, endAll } = groupingOf();
    const answers = [[1], [2], [3, 2], [2]].map((some) => take(viewed(some)));
    await endAll(2);
    const kinds = (await Promise.all(answers)).map((verdicts) =>
      [...verdicts.values()].map(({ kind }) => kind),
    );
    expect(kinds).toEqual([['accepted'], ['accepted'], ['accepted', 'duplicate'], ['duplicate']]);
  });

  it.each<[string, readonly (readonly AdmittedEvent[])[], readonly number[]]>([
    [
      '1,000 events, and a larger one has one of its own',
      [range(1, 1), range(10_000, 600), range(20_000, 400), range(30_000, 1), range(40_000, 3_000)],
      [1, 1_000, 1, 3_000],
    ],
    [
      '100 requests, in which a repeated event counts each time',
      [
        ...Array.from({ length: 151 }, (_, at) => range(at, 1)),
        ...Array.from({ length: 5 }, () => range(1_000, 500)),
      ],
      [1, 100, 550, 500, 500],
    ],
  ])('share transactions of at most %s', async (_, requests, sizes) => {
    const { take, groups, endAll } = groupingOf();
    const answers = requests.map(take);
    await endAll(sizes.length);
    await Promise.all(answers);
    expect(groups.map(({ events }) => events.length)).toEqual(sizes);
  });

  it('that conflict wait behind the others, and cost each group only a bounded look', async () => {
    const { take, groups, endAll } = groupingOf();
    const conflicting = Array.from({ length: 20 }, (_, at) => [
      ...range(10_000 * (at + 1), 499),
      admitted(9, { offerId: `other${at}` }),
    ]);
    const answers = [viewed([1]), ...conflicting, viewed([2])].map(take);
    await endAll(21);
    await Promise.all(answers);
    // The first two looks end at 4,000 events. What they saw in vain is behind the honest one.
    expect(groups.findIndex(({ events }) => events.some(({ id }) => id === admitted(2).id))).toBe(3);
  });

  it.each([
    ['are taken one at a time if one fails by its own fault', true, [[1], [2, 3], [2], [3]]],
    ['fail together if the database is away', false, [[1], [2, 3]]],
  ] as const)('%s', async (_, isOwn, written) => {
    const { take, groups, endAll } = groupingOf({ isOwnFault: () => isOwn });
    const settled = Promise.allSettled([[1], [2], [3]].map((some) => take(viewed(some))));
    await endAll(written.length, { 1: 'one of them', 2: 'this one' });
    expect(
      (await settled).map((each) => (each.status === 'rejected' ? String(each.reason) : 'taken')),
    ).toEqual([
      'taken',
      ...(isOwn ? ['Error: this one', 'taken'] : ['Error: one of them', 'Error: one of them']),
    ]);
    expect(groups.map(({ events }) => numbers(events))).toEqual(written);
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
    const { take, groups, endAll, idle } = groupingOf();
    const order: string[] = [];
    const answers = [1, 2].map((number) => take([admitted(number)]).then(() => order.push(`${number}`)));
    const resting = idle().then(() => order.push('idle'));
    await endAll(2);
    await Promise.all([...answers, resting]);
    expect([order, groups.length]).toEqual([['1', '2', 'idle'], 2]);
  });
});

it('questions whether events were taken are asked in groups, and each gets its own answer', async () => {
  const asked: number[][] = [];
  const taken = new Map(viewed([1, 2, 3]).map(({ id, content }) => [id, content]));
  const knows = askInGroups(
    async (events) => {
      asked.push(numbers(events));
      return new Set(events.filter(({ id, content }) => taken.get(id) === content).map(({ id }) => id));
    },
    { runtime: platformRuntime(), isOwnFault: () => false },
  );
  const other = admitted(2, { offerId: 'other' });
  const questions = [viewed([1]), viewed([2, 7]), viewed([3]), [other], viewed([2])];
  const answers = await Promise.all(questions.map((events) => knows(events)));
  expect(answers.map((known) => numbers([...known].map((id) => ({ id }))))).toEqual([[1], [2], [3], [], [2]]);
  expect(asked).toEqual([[1], [2, 7, 3], [2]]);
});
