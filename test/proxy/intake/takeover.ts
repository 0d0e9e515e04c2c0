/**
 * Two proxies of version 0.1 run under load, and nobody stops them. One of this version takes over what they have: nothing
 * is lost or sent twice, each offer keeps its order, and the proxies of 0.1 take nothing more.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { startUpstream } from '../../../src/upstream/server.js';
import { eventId } from '../../support/wire.js';

const KEY = 'live_takeover00001';
/** So many batches this version takes before the pages end. */
const BY_NEW = 400;
const BEGAN = Date.now();
const BATCH = 20;
const PER_MINUTE = 6_000;
const FIXTURE = join(import.meta.dirname, '../../support/intake-proxy.ts');
const HEADERS = {
  'content-type': 'application/json',
  'sec-fetch-site': 'same-origin',
  'user-agent': 'Firefox',
};

/** The body of batch number `at`: of each offer its `viewed`, then its `dismissed`. */
const bodyOf = (at: number): string => {
  const events = Array.from({ length: BATCH }, (_, of) => {
    const number = at * BATCH + of;
    return {
      id: eventId(number),
      type: of % 2 ? 'dismissed' : 'viewed',
      personalized_offer_id: `offer${number >> 1}`,
      // The same at each attempt: with other content it would be another event.
      occurred_at: BEGAN,
    };
  });
  return JSON.stringify({ v: 1, sent_at: Date.now(), events });
};

/**
 * Lets a proxy of this version take an intake over.
 * @param place Arguments that name the intake, as `test/support/intake-proxy.ts` takes them.
 */
export const takeOver = async (...place: readonly string[]): Promise<void> => {
  const upstream = await startUpstream({ apiKey: KEY, limits: { per_minute: null, concurrent: null } });
  const children: ChildProcess[] = [];

  /** Starts a proxy, and returns its address. */
  const startProxy = async (...more: readonly string[]): Promise<string> => {
    const args = [
      ...place,
      '--upstream',
      upstream.url,
      '--key',
      KEY,
      '--per-minute',
      `${PER_MINUTE}`,
      ...more,
    ];
    const child = spawn(process.execPath, ['--import', 'tsx', FIXTURE, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return url;
  };

  try {
    const release = ['--release', '0.1.0'];
    const olds = await Promise.all([startProxy(...release), startProxy(...release)]);
    const all = [...olds];
    /** When this version first took events, and when 0.1 last did, by when their answers came. */
    const taken = { byOld: 0, byNew: 0, lastByOld: 0, firstByNew: Infinity };

    /** Posts to one proxy after the other until every event of a batch is taken, as pages do. */
    const deliver = async (at: number): Promise<void> => {
      for (let attempt = at; ; attempt++) {
        const url = all[attempt % all.length] ?? '';
        const isOld = olds.includes(url);
        const askedAt = performance.now();
        const response = await fetch(url, { method: 'POST', headers: HEADERS, body: bodyOf(at) });
        if (response.status === 200) {
          const { results } = (await response.json()) as { results: { status: string }[] };
          expect(results.filter(({ status }) => status !== 'accepted' && status !== 'duplicate')).toEqual([]);
          if (isOld) Object.assign(taken, { byOld: taken.byOld + BATCH, lastByOld: askedAt });
          else {
            taken.byNew += BATCH;
            taken.firstByNew = Math.min(taken.firstByNew, performance.now());
          }
          return;
        }
        expect(response.status).toBe(503);
        await response.text();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    let batches = 0;
    const page = async (): Promise<void> => {
      while (taken.byNew < BY_NEW) {
        await deliver(batches++);
        // A little less than the pace: 0.1 has to be under load when this version comes, however late that is.
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    };
    const pages = Promise.all([page(), page(), page(), page()]);
    await upstream.until(() => upstream.calls().length >= 200, 90_000);
    all.push(await startProxy());
    await pages;
    const events = batches * BATCH;

    const effects = () => upstream.history().filter(({ replayed }) => !replayed);
    await upstream.until(() => effects().length >= events, 240_000);
    const keys = effects().map(({ key }) => key);
    expect(keys.toSorted()).toEqual(Array.from({ length: events }, (_, at) => `oe1-${eventId(at)}`));
    const seen = new Set<string>();
    const early = effects().filter(({ type, personalized_offer_id: offer }) => {
      seen.add(`${type} ${offer}`);
      return type === 'dismissed' && !seen.has(`viewed ${offer}`);
    });
    expect(early).toEqual([]);
    // Both have taken a part, one after the other.
    expect(taken.byOld).toBeGreaterThan(100);
    expect(taken.lastByOld).toBeLessThan(taken.firstByNew);
    for (const url of olds)
      for (const batch of [0, batches])
        expect((await fetch(url, { method: 'POST', headers: HEADERS, body: bodyOf(batch) })).status).toBe(
          503,
        );
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await upstream.close();
  }
};
