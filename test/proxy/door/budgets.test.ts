import { describe, expect, it, vi } from 'vitest';
import { createBudgets } from '../../../src/proxy/door/budgets.js';

const PER_MINUTE = 150;

describe('a budget', () => {
  it('has room until it is used up, then says how long it takes', async () => {
    const { subject } = createBudgets({ perSubject: 5 }, PER_MINUTE);
    expect(await subject.take('ada', 3)).toBeUndefined();
    expect(await subject.waitMs('ada')).toBeUndefined();
    expect(await subject.take('ada', 2)).toBeUndefined();
    const waitMs = await subject.waitMs('ada');
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(60_000);
    expect(await subject.take('ada', 1)).toBeGreaterThan(0);
    expect(await subject.take('grace', 5)).toBeUndefined();
  });

  it('is not used by what it refuses', async () => {
    vi.useFakeTimers();
    try {
      const { subject } = createBudgets({ perSubject: 5 }, PER_MINUTE);
      await subject.take('ada', 5);
      for (let again = 0; again < 50; again++) await subject.take('ada', 500);
      vi.advanceTimersByTime(60_001);
      expect(await subject.take('ada', 5)).toBeUndefined();
      expect(await subject.take('ada', 1)).toBeGreaterThan(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('lets a batch that is larger than it pass once it is whole, and nothing beside it', async () => {
    vi.useFakeTimers();
    try {
      const { subject } = createBudgets({ perSubject: 5 }, PER_MINUTE);
      expect(await subject.take('ada', 100)).toBeUndefined();
      expect(await subject.take('ada', 1)).toBeGreaterThan(0);
      vi.advanceTimersByTime(60_001);
      expect(await subject.take('ada', 100)).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it('cannot be overdrawn by those who take at once', async () => {
    const { subject } = createBudgets({ perSubject: 10 }, PER_MINUTE);
    const answers = await Promise.all(Array.from({ length: 200 }, () => subject.take('ada', 1)));
    expect(answers.filter((waitMs) => waitMs === undefined)).toHaveLength(10);
    expect(await subject.take('ada', 1)).toBeGreaterThan(0);
  });

  it('is kept apart from the budgets of other kinds', async () => {
    const { subject, address, offerADay } = createBudgets(
      { perSubject: 1, perAddress: 1, perOfferADay: 1 },
      PER_MINUTE,
    );
    await subject.take('x', 1);
    expect(await address.take('x', 1)).toBeUndefined();
    expect(await offerADay.take('x', 1)).toBeUndefined();
    expect(await subject.waitMs('x')).toBeGreaterThan(0);
  });

  it('lasts a day if it is per day', async () => {
    vi.useFakeTimers();
    try {
      const { offerADay } = createBudgets({ perOfferADay: 2 }, PER_MINUTE);
      await offerADay.take('x', 2);
      vi.advanceTimersByTime(86_399_000);
      expect(await offerADay.take('x', 1)).toBeGreaterThan(0);
      vi.advanceTimersByTime(1_001);
      expect(await offerADay.take('x', 1)).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it.each<[string, number, number]>([
    ['600 events a minute on the smallest plan', 150, 600],
    ['four times the plan on a larger one', 1_000, 4_000],
  ])('is %s for an address, unless the host says otherwise', async (_, perMinute, events) => {
    const { address } = createBudgets({}, perMinute);
    expect(await address.take('x', events - 1)).toBeUndefined();
    expect(await address.waitMs('x')).toBeUndefined();
    expect(await address.take('x', 1)).toBeUndefined();
    expect(await address.waitMs('x')).toBeGreaterThan(0);
  });

  it('may be infinite', async () => {
    const { address } = createBudgets({ perAddress: Infinity }, PER_MINUTE);
    for (let again = 0; again < 10; again++) expect(await address.take('x', 1e9)).toBeUndefined();
    expect(await address.waitMs('x')).toBeUndefined();
  });

  it('keeps apart keys that look alike', async () => {
    const { subject } = createBudgets({ perSubject: 1 }, PER_MINUTE);
    for (const key of ['a', 'A', 'a ', '__proto__', 'constructor', 'toString', '0', '00'])
      expect([key, await subject.take(key, 1)]).toEqual([key, undefined]);
    for (const key of ['__proto__', 'constructor', 'toString'])
      expect(await subject.take(key, 1)).toBeGreaterThan(0);
  });

  it('remembers a bounded number of keys: those that were quiet longest are forgotten (attack 56)', async () => {
    const { subject } = createBudgets({ perSubject: 1 }, PER_MINUTE);
    await subject.take('quiet', 1);
    await subject.take('busy', 1);
    for (let at = 0; at < 50_000; at++) {
      await subject.take(`flood${at}`, 1);
      if (at % 10_000 === 0) await subject.take('busy', 1);
    }
    expect(await subject.waitMs('quiet')).toBeUndefined();
    expect(await subject.waitMs('busy')).toBeGreaterThan(0);
    expect(await subject.waitMs('flood49999')).toBeGreaterThan(0);
  });
});
