import { beforeEach, describe, expect, it } from 'vitest';
import { createBudgets, type Limits } from '../../../src/proxy/door/budgets.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';

let runtime: FakeRuntime;

beforeEach(() => {
  runtime = fakeRuntime();
});

const budgetsOf = (limits: Limits, perMinute = 150) => createBudgets(limits, perMinute, runtime);

describe('a budget', () => {
  it('has room until it is used up, then says how long it takes', () => {
    const { subject } = budgetsOf({ perSubject: 5 });
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
    const { subject } = budgetsOf({ perSubject: 5 });
    subject.take('ada', 5);
    for (let again = 0; again < 50; again++) subject.take('ada', 500);
    runtime.pass(60_001);
    expect(subject.take('ada', 5)).toBeUndefined();
    expect(subject.take('ada', 1)).toBeGreaterThan(0);
  });

  it('lets a batch that is larger than it pass once it is whole, and nothing beside it', () => {
    const { subject } = budgetsOf({ perSubject: 5 });
    expect(subject.take('ada', 100)).toBeUndefined();
    expect(subject.take('ada', 1)).toBeGreaterThan(0);
    runtime.pass(60_001);
    expect(subject.take('ada', 100)).toBeUndefined();
  });

  it('is kept apart from the budgets of other kinds', () => {
    const { subject, address, offerADay } = budgetsOf({ perSubject: 1, perAddress: 1, perOfferADay: 1 });
    subject.take('x', 1);
    expect(address.take('x', 1)).toBeUndefined();
    expect(offerADay.take('x', 1)).toBeUndefined();
    expect(subject.waitMs('x')).toBeGreaterThan(0);
  });

  it('lasts a day if it is per day', () => {
    const { offerADay } = budgetsOf({ perOfferADay: 2 });
    offerADay.take('x', 2);
    runtime.pass(86_399_000);
    expect(offerADay.take('x', 1)).toBeGreaterThan(0);
    runtime.pass(1_001);
    expect(offerADay.take('x', 1)).toBeUndefined();
  });

  it.each<[string, number, number]>([
    ['600 events a minute on the smallest plan', 150, 600],
    ['four times the plan on a larger one', 1_000, 4_000],
  ])('is %s for an address, unless the host says otherwise', (_, perMinute, events) => {
    const { address } = budgetsOf({}, perMinute);
    expect(address.take('x', events - 1)).toBeUndefined();
    expect(address.waitMs('x')).toBeUndefined();
    expect(address.take('x', 1)).toBeUndefined();
    expect(address.waitMs('x')).toBeGreaterThan(0);
  });

  it('may be infinite', () => {
    const { address } = budgetsOf({ perAddress: Infinity });
    for (let again = 0; again < 10; again++) expect(address.take('x', 1e9)).toBeUndefined();
    expect(address.waitMs('x')).toBeUndefined();
  });

  it('keeps apart keys that look alike', () => {
    const { subject } = budgetsOf({ perSubject: 1 });
    for (const key of ['a', 'A', 'a ', '__proto__', 'constructor', 'toString', '0', '00'])
      expect([key, subject.take(key, 1)]).toEqual([key, undefined]);
    for (const key of ['__proto__', 'constructor', 'toString'])
      expect(subject.take(key, 1)).toBeGreaterThan(0);
  });

  it('remembers a bounded number of keys: those that were quiet longest are forgotten (attack 56)', () => {
    const { subject } = budgetsOf({ perSubject: 1 });
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
