// @vitest-environment node
/** Decisions of the user that meet a database which is slow or fails. */
import { describe, expect, test } from 'vitest';
import { type ConsentState, createConsentState } from '../../../src/client/later/consent.js';
import type { Consent } from '../../../src/client/outbox/outbox.js';
import { DEAD, TIMEOUT_MS } from '../../support/database.js';
import {
  type DeliveringBench,
  type DeliveringPage,
  deny,
  replies,
  says,
  startDelivering,
} from '../../support/delivering.js';
import { dismissed, idOf, plain, viewed } from '../../support/events.js';

const [ONE, TWO] = [idOf(1), idOf(2)];

/** A page whose user decides. */
interface DecidingPage extends DeliveringPage, ConsentState {
  readonly bench: DeliveringBench;
  readonly accepted: Set<string>;
  /** The user decides, or is another one, as the tracker takes it. */
  decide(consent: Consent, subject?: string): void;
}

const start = (): DecidingPage => {
  const bench = startDelivering();
  const owner: { consent: Consent; subject?: string | undefined } = { consent: 'granted' };
  const page = bench.open({}, owner);
  const { leasing, flusher } = page;
  const accepted = new Set<string>();
  const consentState = createConsentState({
    ...page,
    ...leasing,
    ...flusher,
    owner,
    runtime: bench.runtime,
    async learn() {
      await leasing.marks();
      return accepted;
    },
    onCommitted() {
      leasing.tell();
      flusher.wake();
    },
    report: (error) => (page.reports as unknown[]).push(error),
  });
  return {
    ...page,
    ...consentState,
    bench,
    accepted,
    decide(consent, subject) {
      Object.assign(owner, { consent, subject });
      if (consent === 'denied') deny(page);
      consentState.onDecided(consent, []);
    },
  };
};

describe('a dismissal of an offer that was accepted since', () => {
  const view = viewed(1);
  const both = plain(view, dismissed(2, view));

  test('is reported if its commit takes effect after the subject changed', async () => {
    const page = start();
    const { bench } = page;
    await bench.runtime.advance(0);
    const answer = bench.database.linger();
    const recorded = page.record(both);
    page.accepted.add(view.offerId);
    page.decide('granted', 'anna');
    await bench.runtime.advance(3 * TIMEOUT_MS);
    await answer();
    await recorded;
    await bench.runtime.advance(60_000);
    expect(bench.asked.flat()).toContain(TWO);
    expect(page.told.map(([id]) => id)).toEqual([ONE, TWO]);
  });

  test('is reported if a farewell sent it before the subject changed', async () => {
    const page = start();
    const { bench } = page;
    await bench.runtime.advance(0);
    bench.database.fault = DEAD;
    await page.record(both);
    expect(page.farewell()).toEqual([ONE, TWO]);
    page.accepted.add(view.offerId);
    page.decide('granted', 'anna');
    await bench.runtime.advance(60_000);
    expect(page.told).toEqual([
      [ONE, false],
      [TWO, false],
    ]);
  });
});

describe('a denial whose purge fails', () => {
  /** A page with one stored event that the endpoint has not taken yet, whose denial the database did not carry out. */
  const denied = async (): Promise<DecidingPage> => {
    const page = start();
    const { bench } = page;
    await bench.runtime.advance(0);
    bench.answer = replies(503);
    await page.record(plain(viewed(1)));
    await page.flusher.flush();
    bench.answer = says('accepted');
    bench.asked.length = 0;
    bench.database.fault = DEAD;
    page.decide('denied');
    await bench.runtime.advance(100);
    return page;
  };
  const lost = [[ONE, 'consent', undefined]];

  test('is still carried out if consent is granted meanwhile, and nothing of it is delivered', async () => {
    const page = await denied();
    const { bench } = page;
    page.decide('granted');
    bench.database.fault = undefined;
    await bench.runtime.advance(60_000);
    expect([bench.asked, page.discarded]).toEqual([[], lost]);
    await expect(bench.stored()).resolves.toEqual([]);
  });

  test('takes nothing along that is recorded after the grant, which is delivered at once', async () => {
    const page = await denied();
    const { bench } = page;
    page.decide('granted');
    bench.database.fault = undefined;
    await page.record(plain(viewed(2)));
    await bench.runtime.advance(1_000);
    expect(bench.asked).toEqual([[TWO]]);
    bench.answer = replies(503);
    await page.record(plain(viewed(3)));
    await bench.runtime.advance(20_000);
    bench.answer = says('accepted');
    await bench.runtime.advance(60_000);
    expect(new Set(bench.asked.flat())).toEqual(new Set([TWO, idOf(3)]));
    expect([page.discarded, page.told]).toEqual([
      lost,
      [
        [ONE, true],
        [TWO, true],
        [idOf(3), true],
      ],
    ]);
    await expect(bench.stored()).resolves.toEqual([]);
  });
});
