import { describe, expect, it, vi } from 'vitest';
import { createBudgets } from '../../../src/proxy/door/budgets.js';

const PER_MINUTE = 150;

describe('a budget', () => {
  it('has room until it is used up, then says how long it takes', () => {
    const { subject } = createBudgets({ perSubject: 5 }, PER_MINUTE);
    expect(subject.take('ada', 3)).toBeUndefined();
    expect(subject.waitMs('ada')).toBeUndefined();
    expect(subject.take('ada', 2)).toBeUndefined();
    const waitMs = subject.waitMs('ada');
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(60_000);
    expect(subject.take('ada', 1)).toBeGreaterThan(0);
    expect(subject.take('grace', 5)).toBeUndefined();
  });

  it('is not used by what it refuses', () => {
    vi.useFakeTimers();
    try {
      const { subject } = createBudgets({ perSubject: 5 }, PER_MINUTE);
      subject.take('ada', 5);
      for (let again = 0; again < 50; again++) subject.take('ada', 500);
      vi.advanceTimersByTime(60_001);
      expect(subject.take('ada', 5)).toBeUndefined();
      expect(subject.take('ada', 1)).toBeGreaterThan(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('lets a batch that is larger than it pass once it is whole, and nothing beside it', () => {
    vi.useFakeTimers();
    try {
      const { subject } = createBudgets({ perSubject: 5 }, PER_MINUTE);
      expect(subject.take('ada', 100)).toBeUndefined();
      expect(subject.take('ada', 1)).toBeGreaterThan(0);
      vi.advanceTimersByTime(60_001);
      expect(subject.take('ada', 100)).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it('is kept apart from the budgets of other kinds', () => {
    const { subject, address, offerADay } = createBudgets(
      { perSubject: 1, perAddress: 1, perOfferADay: 1 },
      PER_MINUTE,
    );
    subject.take('x', 1);
    expect(address.take('x', 1)).toBeUndefined();
    expect(offerADay.take('x', 1)).toBeUndefined();
    expect(subject.waitMs('x')).toBeGreaterThan(0);
  });

  it('lasts a day if it is per day', () => {
    vi.useFakeTimers();
    try {
      const { offerADay } = createBudgets({ perOfferADay: 2 }, PER_MINUTE);
      offerADay.take('x', 2);
      vi.advanceTimersByTime(86_399_000);
      expect(offerADay.take('x', 1)).toBeGreaterThan(0);
      vi.advanceTimersByTime(1_001);
      expect(offerADay.take('x', 1)).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it.each<[string, number, number]>([
    ['600 events a minute on the smallest plan', 150, 600],
    ['four times the plan on a larger one', 1_000, 4_000],
  ])('is %s for an address, unless the host says otherwise', (_, perMinute, events) => {
    const { address } = createBudgets({}, perMinute);
    expect(address.take('x', events - 1)).toBeUndefined();
    expect(address.waitMs('x')).toBeUndefined();
    expect(address.take('x', 1)).toBeUndefined();
    expect(address.waitMs('x')).toBeGreaterThan(0);
  });

  it('may be infinite', () => {
    const { address } = createBudgets({ perAddress: Infinity }, PER_MINUTE);
    for (let again = 0; again < 10; again++) expect(address.take('x', 1e9)).toBeUndefined();
    expect(address.waitMs('x')).toBeUndefined();
  });

  it('keeps apart keys that look alike', () => {
    const { subject } = createBudgets({ perSubject: 1 }, PER_MINUTE);
    for (const key of ['a', 'A', 'a ', '__proto__', 'constructor', 'toString', '0', '00'])
      expect([key, subject.take(key, 1)]).toEqual([key, undefined]);
    for (const key of ['__proto__', 'constructor', 'toString'])
      expect(subject.take(key, 1)).toBeGreaterThan(0);
  });

  it('remembers a bounded number of keys: those that were quiet longest are forgotten (attack 56)', () => {
    const { subject } = createBudgets({ perSubject: 1 }, PER_MINUTE);
    subject.take('quiet', 1);
    subject.take('busy', 1);
    for (let at = 0; at < 50_000; at++) {
      subject.take(`flood${at}`, 1);
      if (at % 10_000 === 0) subject.take('busy', 1);
    }
    expect(subject.waitMs('quiet')).toBeUndefined();
    expect(subject.waitMs('busy')).toBeGreaterThan(0);
    expect(subject.waitMs('flood49999')).toBeGreaterThan(0);
  });
});
