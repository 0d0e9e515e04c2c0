// @vitest-environment node
import { describe, expect, test } from 'vitest';
import {
  type Answer,
  type DeliveringBench,
  type DeliveringPage,
  replies,
  says,
  startDelivering,
} from '../../support/delivering.js';
import { idOf, viewed } from '../../support/events.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OLD = 'https://shop.example/old';
const NEW = 'https://shop.example/new';

const takes = says('accepted');
const absent = replies(404);
const fails = replies(503);

interface Site extends DeliveringBench {
  readonly pages: DeliveringPage[];
  readonly answers: Record<string, Answer>;
  /** What each endpoint was asked: the ids of each request. */
  readonly at: Record<string, string[][]>;
  openAt(endpoint: string): DeliveringPage;
}

/** One browser's database, and the endpoints of its site. A page of the old one recorded an event a day ago. */
const startSite = async (answers: Record<string, Answer>): Promise<Site> => {
  const bench = startDelivering();
  const site: Site = Object.assign(bench, {
    ...{ answers, pages: [], at: { [OLD]: [], [NEW]: [] } },
    openAt(endpoint: string): DeliveringPage {
      const page = bench.open({ retentionMs: 6 * DAY_MS }, undefined, endpoint);
      site.pages.push(page);
      return page;
    },
  });
  bench.answer = (ids, request) => {
    site.at[request.url]?.push([...ids]);
    return (answers[request.url] ?? absent)(ids, request);
  };
  await site.openAt(OLD).store(viewed(1));
  await bench.runtime.advance(DAY_MS);
  return site;
};

/** A page of the new endpoint that records an event, and is left after a while. */
const visit = async ({ openAt, runtime }: Site, n: number): Promise<void> => {
  const { store, flusher } = openAt(NEW);
  await store(viewed(n, { occurredAt: runtime.now() }));
  flusher.wake();
  await runtime.advance(5_000);
  flusher.stop();
};

/** Some visits to such a site, with time before each. */
const visited = async (answers: Record<string, Answer>, ...hoursBefore: number[]): Promise<Site> => {
  const site = await startSite(answers);
  for (const [index, hours] of hoursBefore.entries()) {
    await site.runtime.advance(hours * HOUR_MS);
    await visit(site, 2 + index);
  }
  return site;
};

const hints = ({ pages }: Site): string[] =>
  pages.flatMap(({ reports }) =>
    reports.flatMap(({ code, hint }) => (code === 'configuration' ? [hint] : [])),
  );

describe('events that have waited a day for another endpoint', () => {
  test('are sent there by any open page', async () => {
    const site = await visited({ [OLD]: takes, [NEW]: takes }, 0);
    expect(site.at).toEqual({ [OLD]: [[idOf(1)]], [NEW]: [[idOf(2)]] });
    expect(site.pages.flatMap(({ reports }) => reports)).toEqual([]);
  });

  test('are sent there also by a page that has nothing of its own to send', async () => {
    const site = await startSite({ [OLD]: takes });
    site.openAt(NEW).flusher.wake();
    await site.runtime.advance(1_000);
    expect(site.at).toEqual({ [OLD]: [[idOf(1)]], [NEW]: [] });
  });

  test('go to the page’s own endpoint if there is none for an hour, with one report', async () => {
    const site = await visited({ [OLD]: absent, [NEW]: takes }, 0, 0.9, 0.1, 0);
    expect(site.at[NEW]).toEqual([2, 3, 4, 1, 5].map((n) => [idOf(n)]));
    expect(site.at[OLD]).toEqual([[idOf(1)], [idOf(1)], [idOf(1)]]);
    expect(hints(site)).toEqual([`No proxy at ${OLD}: its events come here.`]);
  });

  test('go to the page’s own endpoint also if the other one says only late that nobody is there', async () => {
    const site = await visited({ [OLD]: absent, [NEW]: takes }, 0);
    site.answers[OLD] = (...asked) =>
      new Promise((resolve) => site.runtime.after(2_000, () => resolve(absent(...asked))));
    await site.runtime.advance(HOUR_MS);
    await visit(site, 3);
    expect(site.at[NEW]).toEqual([[idOf(2)], [idOf(3)], [idOf(1)]]);
  });

  test('stay there if it answered anything else within that hour', async () => {
    const site = await visited({ [OLD]: absent, [NEW]: takes }, 0);
    site.answers[OLD] = replies(401);
    await site.runtime.advance(HOUR_MS / 2);
    await visit(site, 3);
    site.answers[OLD] = absent;
    await site.runtime.advance(HOUR_MS / 2);
    await visit(site, 4);
    await visit(site, 5);
    expect(site.at[NEW]).toEqual([2, 3, 4, 5].map((n) => [idOf(n)]));
  });

  test.each([
    ['their own fails', { [OLD]: fails, [NEW]: takes }],
    ['the page’s own does not answer in order', { [OLD]: absent, [NEW]: fails }],
  ])('never go to another endpoint while %s', async (_, answers) => {
    const site = await visited(answers, 0, 1, 1, 1, 1, 1);
    expect(site.at[NEW]?.flat()).not.toContain(idOf(1));
    expect(site.at[OLD]?.length).toBeGreaterThan(1);
  });
});
