// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createDelivering, type Delivering } from '../../../src/client/later/delivering.js';
import { mendedRecords } from '../../../src/client/later/outbox/mended.js';
import { createOutbox } from '../../../src/client/outbox/outbox.js';
import type { Connection } from '../../../src/client/outbox/records.js';
import type { OffersightError } from '../../../src/errors.js';
import { idOf, viewed } from '../../support/events.js';
import { memoryRecords } from '../../support/memory-records.js';
import { requestOf } from '../../support/request-of.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OLD = 'https://shop.example/old';
const NEW = 'https://shop.example/new';

type Answer = (ids: readonly string[]) => Response | Promise<Response>;

const takes: Answer = (ids) =>
  Response.json({ v: 1, results: ids.map((id) => ({ id, status: 'accepted' })) });
const absent: Answer = () => new Response('', { status: 404 });
const page: Answer = () => new Response('<!doctype html><title>Shop</title>');
const later: Answer = () => Response.json({ v: 2 });
const fails: Answer = () => new Response('', { status: 503 });

interface Site {
  readonly runtime: FakeRuntime;
  /** What was asked of each endpoint: the ids of each request. */
  readonly asked: Record<string, string[][]>;
  readonly answers: Record<string, Answer>;
  readonly reports: OffersightError[];
  /** Its database. */
  readonly connection: Connection;
  open(endpoint: string): Delivering & { view(n: number): Promise<unknown> };
}

/** One browser's database, and the endpoints of its site. */
const startSite = (answers: Record<string, Answer>): Site => {
  const asked: Record<string, string[][]> = { [OLD]: [], [NEW]: [] };
  const runtime = fakeRuntime({
    async fetch(input, init) {
      const request = requestOf(input, init);
      const { events } = (await request.json()) as { events: { id: string }[] };
      const ids = events.map(({ id }) => id);
      asked[request.url]?.push(ids);
      return (answers[request.url] ?? absent)(ids);
    },
  });
  const connection: Connection = { ...memoryRecords(), close: () => undefined };
  const reports: OffersightError[] = [];
  return {
    runtime,
    asked,
    answers,
    reports,
    connection,
    open(endpoint) {
      const outbox = createOutbox(connection, runtime, endpoint, { consent: 'granted' });
      const delivering = createDelivering({
        outbox,
        owner: { consent: 'granted' },
        mend: (listener) => mendedRecords(outbox, connection, () => connection, listener),
        runtime,
        tellTabs: () => undefined,
        options: { retentionMs: 6 * DAY_MS },
        report: (error) => reports.push(error),
        onDiscard: () => expect.unreachable('nothing is given up'),
      });
      const view = (n: number): Promise<unknown> => {
        outbox.add(viewed(n, { occurredAt: runtime.now() }), false);
        return outbox.commit();
      };
      return { ...delivering, view };
    },
  };
};

/** A page of the old endpoint recorded an event a day ago, and a page of the new one loads and records its own. */
const stranded = async (answers: Record<string, Answer>): Promise<Site> => {
  const site = startSite(answers);
  await site.open(OLD).view(1);
  await site.runtime.advance(DAY_MS);
  await visit(site, 2);
  return site;
};

/** A page of the new endpoint that records an event, and is left after a while. */
const visit = async (site: Site, n: number): Promise<void> => {
  const { view, flusher } = site.open(NEW);
  await view(n);
  flusher.wake();
  await site.runtime.advance(5_000);
  flusher.stop();
};

const configuration = ({ reports }: Site): string[] =>
  reports.filter(({ code }) => code === 'configuration').map(({ hint }) => hint);

describe('events that have waited a day for another endpoint', () => {
  test('are sent there by any open page', async () => {
    const site = await stranded({ [OLD]: takes, [NEW]: takes });
    expect(site.asked).toEqual({ [OLD]: [[idOf(1)]], [NEW]: [[idOf(2)]] });
    expect(site.reports).toEqual([]);
  });

  test.each([503, 401, 429])('stay there if it answered %i within that hour', async (status) => {
    const site = await stranded({ [OLD]: absent, [NEW]: takes });
    await site.runtime.advance(HOUR_MS / 2);
    site.answers[OLD] = () => new Response('', { status });
    await visit(site, 3);
    await site.runtime.advance(HOUR_MS / 2);
    site.answers[OLD] = absent;
    await visit(site, 4);
    await visit(site, 5);
    expect(site.asked[NEW]).toEqual([2, 3, 4, 5].map((n) => [idOf(n)]));
  });

  test('are sent there also by a page that has nothing of its own to send', async () => {
    const site = startSite({ [OLD]: takes, [NEW]: takes });
    await site.open(OLD).view(1);
    await site.runtime.advance(DAY_MS);
    site.open(NEW).flusher.wake();
    await site.runtime.advance(1_000);
    expect(site.asked).toEqual({ [OLD]: [[idOf(1)]], [NEW]: [] });
  });

  test.each([
    ['404', absent],
    ['a page', page],
  ])('go to the page’s own endpoint if there is only %s for an hour, with one report', async (_, answer) => {
    const site = await stranded({ [OLD]: answer, [NEW]: takes });
    await site.runtime.advance(HOUR_MS - 60_000);
    await visit(site, 3);
    expect(site.asked[NEW]).toEqual([[idOf(2)], [idOf(3)]]);
    await site.runtime.advance(60_000);
    await visit(site, 4);
    expect(site.asked[NEW]).toEqual([[idOf(2)], [idOf(3)], [idOf(4)], [idOf(1)]]);
    await visit(site, 5);
    expect(site.asked[OLD]).toEqual([[idOf(1)], [idOf(1)], [idOf(1)]]);
    expect(configuration(site)).toEqual([`No proxy at ${OLD}: its events come here.`]);
  });

  test('go to the page’s own endpoint also if the other one says only late that nobody is there', async () => {
    const site = await stranded({ [OLD]: absent, [NEW]: takes });
    site.answers[OLD] = (ids) =>
      new Promise((resolve) => site.runtime.after(2_000, () => resolve(absent(ids))));
    await site.runtime.advance(HOUR_MS);
    await visit(site, 3);
    expect(site.asked[NEW]).toEqual([[idOf(2)], [idOf(3)], [idOf(1)]]);
  });

  test.each([
    ['fails', fails],
    ['is of another version', later],
  ])('never go to another endpoint while their own %s', async (_, answer) => {
    const site = await stranded({ [OLD]: answer, [NEW]: takes });
    for (let n = 3; n < 12; n++) {
      await site.runtime.advance(HOUR_MS);
      await visit(site, n);
    }
    expect(site.asked[NEW]?.flat()).not.toContain(idOf(1));
    expect(site.asked[OLD]?.length).toBeGreaterThan(1);
    expect(configuration(site)).toEqual([]);
  });

  test('stay where they are while the page’s own endpoint does not answer in order', async () => {
    const site = await stranded({ [OLD]: absent, [NEW]: fails });
    for (let n = 3; n < 8; n++) {
      await site.runtime.advance(HOUR_MS);
      await visit(site, n);
    }
    expect(site.asked[NEW]?.flat()).not.toContain(idOf(1));
  });

  test('that their own endpoint took in between start that hour again', async () => {
    const site = await stranded({ [OLD]: absent, [NEW]: takes });
    site.answers[OLD] = takes;
    await site.runtime.advance(HOUR_MS);
    await visit(site, 3);
    expect(site.asked[OLD]).toEqual([[idOf(1)], [idOf(1)]]);
    expect(site.asked[NEW]?.flat()).not.toContain(idOf(1));
    expect(configuration(site)).toEqual([]);
  });

  test('are asked for once a page, however often it sends its own', async () => {
    const site = startSite({ [OLD]: fails, [NEW]: takes });
    await site.open(OLD).view(1);
    await site.runtime.advance(DAY_MS);
    const { view, flusher } = site.open(NEW);
    for (let n = 2; n < 6; n++) {
      await view(n);
      await flusher.flush();
      await site.runtime.advance(60_000);
    }
    expect(site.asked[OLD]).toEqual([[idOf(1)]]);
  });
});
