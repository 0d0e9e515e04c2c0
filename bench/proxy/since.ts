/** Measures what version 0.1 did badly, with its built proxy and with this one, each on a file of its own. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import Database from 'libsql';
import { createOfferProxy, type OfferProxy } from 'offersight/proxy';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import { earlier } from '../../test/support/earlier.js';
import { table } from '../figures.js';
import { loopMs, watchTicks } from './watching.js';

/** What both releases have. */
interface Parts {
  readonly createOfferProxy: typeof createOfferProxy;
  readonly sqliteIntake: typeof sqliteIntake;
}

/** A proxy over a file. */
interface Started {
  readonly file: string;
  /** Posts events, and fails unless all are accepted. */
  post(events: readonly object[]): Promise<void>;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const REMEMBERED = 1_000_000;
/** Visits before the second measurement, with two events each. */
const VISITS = 900;
const MEASURED = 40;
const WATCHED_MS = 20_000;
const LOCKED_MS = 3_000;

let made = 0;
const event = (type: 'viewed' | 'dismissed', offerId: string): object => ({
  id: `018f5a5e-7a00-7000-8000-${(made++).toString(16).padStart(12, '0')}`,
  type,
  personalized_offer_id: offerId,
  occurred_at: Date.now() - 300,
});

const postTo = async (proxy: OfferProxy, events: readonly object[]): Promise<void> => {
  const request = new Request('https://shop.example/offer-events', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ v: 1, sent_at: Date.now(), events }),
  });
  const text = await (await proxy(request)).text();
  const accepted = text.split('"accepted"').length - 1;
  if (accepted < events.length)
    throw new Error(`${accepted} of ${events.length} were accepted: ${text.slice(0, 200)}`);
};

/** Starts the proxy of a release. No server answers at its upstream's address. */
const start = ({ createOfferProxy: create, sqliteIntake: open }: Parts, folder: string): Started => {
  const file = join(folder, 'intake.db');
  const proxy = create({
    site: 'offersight-test',
    apiKey: 'test_bench_key',
    baseUrl: 'http://127.0.0.1:9',
    intake: open({ file, maxWaiting: 10_000_000 }),
    limits: { perAddress: Infinity },
    onAlert: () => undefined,
  });
  return { file, post: (events) => postTo(proxy, events), close: () => proxy.close() };
};

const whole = (figure: number): string => Math.round(figure).toLocaleString('en');

/** CPU time of the loop for each of three requests. */
const oneOffer = async ({ post }: Started): Promise<string> => {
  const costs: string[] = [];
  for (let posts = 0; posts < 3; posts++) {
    const before = loopMs();
    await post(Array.from({ length: 500 }, () => event('dismissed', 'one')));
    costs.push(whole(loopMs() - before));
  }
  return costs.join(' · ');
};

/** Visits a second of a page whose offer has the same id for everybody, at first and later. */
const staticPage = async ({ post }: Started): Promise<string> => {
  const visit = async (): Promise<void> => {
    await post([event('viewed', 'static')]);
    await post([event('dismissed', 'static')]);
  };
  const rate = async (): Promise<string> => {
    const startedAt = performance.now();
    for (let visits = 0; visits < MEASURED; visits++) await visit();
    return ((MEASURED * 1_000) / (performance.now() - startedAt)).toFixed(1);
  };
  const first = await rate();
  for (let visits = 0; visits < VISITS; visits++) await visit();
  return `${first} → ${await rate()}`;
};

/** How late a timer is while another program holds the file. */
const lockedFile = async ({ file, post }: Started): Promise<string> => {
  await post([event('viewed', 'before')]);
  const holder = new Database(file);
  holder.exec('BEGIN IMMEDIATE');
  const end = watchTicks();
  const answered = post([event('viewed', 'locked')]).catch(() => undefined);
  await after(LOCKED_MS);
  holder.exec('ROLLBACK');
  holder.close();
  await answered;
  return whole(end());
};

/** The longest answer, and the largest write-ahead log, while a million events are forgotten. */
const forgetting = async (parts: Parts, folder: string): Promise<string> => {
  const first = start(parts, folder);
  await first.post([event('viewed', 'first')]);
  await first.close();
  const settledAt = Date.now() - 8 * DAY_MS;
  const database = new Database(first.file);
  database.exec(
    `WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ${REMEMBERED})
       INSERT INTO events (id, content, type, offer_id, state, occurred_at, received_at, waiting_since, due_at)
       SELECT 'remembered ' || n, '', 'viewed', 'offer ' || n, 'done', ${settledAt}, ${settledAt}, ${settledAt}, 0 FROM number;
     UPDATE events SET settled_at = ${settledAt} WHERE state = 'done';
     PRAGMA wal_checkpoint(TRUNCATE)`,
  );
  database.close();
  const { file, post, close } = start(parts, folder);
  let [longest, largest] = [0, 0];
  for (const until = performance.now() + WATCHED_MS; performance.now() < until; await after(100)) {
    const startedAt = performance.now();
    await post([event('viewed', `later-${made}`)]);
    longest = Math.max(longest, performance.now() - startedAt);
    largest = Math.max(largest, statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0);
  }
  await close();
  return `${whole(longest)} · ${whole(largest / 1e6)}`;
};

const started =
  (measure: (started: Started) => Promise<string>) =>
  async (parts: Parts, folder: string): Promise<string> => {
    const one = start(parts, folder);
    try {
      return await measure(one);
    } finally {
      await one.close();
    }
  };

const CASES: readonly [string, (parts: Parts, folder: string) => Promise<string>][] = [
  ['3 posts of 500 dismissed of one offer, CPU ms of the loop', started(oneOffer)],
  [`visits a second with one id, at first → after ${2 * VISITS} events`, started(staticPage)],
  [`longest tick while the file is locked for ${LOCKED_MS / 1_000} s, ms`, started(lockedFile)],
  ['forgetting a million events: longest answer, ms · largest log, MB', forgetting],
];

/** Measures each case with both. */
export const measureSince = async (): Promise<string> => {
  const releases: readonly Parts[] = [await earlier('0.1.0'), { createOfferProxy, sqliteIntake }];
  const rows: string[][] = [];
  for (const [title, measure] of CASES) {
    const figures: string[] = [];
    for (const parts of releases) {
      const folder = mkdtempSync(join(tmpdir(), 'offersight-bench-'));
      figures.push(await measure(parts, folder));
      rmSync(folder, { recursive: true });
    }
    console.error(`${title}: ${figures.join(' | ')}`);
    rows.push([title, ...figures]);
  }
  return table(['case', '0.1.0', 'now'], rows);
};
