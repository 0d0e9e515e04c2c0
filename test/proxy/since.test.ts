/**
 * What version 0.1 did badly as a proxy. Each case runs on the built proxy of that version and on this one, and says what
 * either does. `npm run bench:proxy -- --only since` has the cases that are a matter of time.
 */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createOfferAdmin,
  createOfferProxy,
  isOffersightError,
  type OfferProxyOptions,
} from '../../src/proxy/index.js';
import { type Earlier, earlier } from '../support/earlier.js';
import { temporaryFolder } from '../support/intake.js';
import { hang, noContent, pageRequest, type UpstreamRuntime, upstreamRuntime } from '../support/proxy.js';
import { intakeHere } from '../support/sqlite.js';
import { eventId, START, wireBody, wireEvent } from '../support/wire.js';

/** What the cases use of a release. */
type Release = Pick<Earlier, 'createOfferAdmin' | 'createOfferProxy' | 'sqliteIntake'>;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** As many events as one request may bring. */
const BATCH = 500;
const ADMIN_TOKEN = 'a token of the operators, 40 characters..';
const VISITOR = 'x-test-visitor';

interface Status {
  readonly offers: readonly { readonly viewed: number }[];
  readonly sums?: { readonly last30Days: { readonly delivered: number } };
}

/** One proxy on the file of the test. */
interface Started {
  readonly alerts: readonly string[];
  /** Posts events from an address, and returns how many were accepted. */
  post(events: readonly object[], visitor?: string): Promise<number>;
  /** What the operator's address answers. Version 0.1 had no sums. */
  status(): Promise<Status>;
  close(): Promise<void>;
}

let world: { readonly folder: ReturnType<typeof temporaryFolder>; readonly runtime: UpstreamRuntime };
let proxies: Started[];

beforeEach(() => {
  world = { folder: temporaryFolder(), runtime: upstreamRuntime() };
  proxies = [];
});

const closeAll = async (): Promise<void> => {
  for (const proxy of proxies) await proxy.close();
  world.folder.remove();
};
afterEach(closeAll);

/** Starts a proxy of a release. Its visitors name their address themselves. */
const start = (release: Release, options: Partial<OfferProxyOptions> = {}): Started => {
  const alerts: string[] = [];
  const intake = release.sqliteIntake({ file: join(world.folder.path, 'intake.db'), maxWaiting: 100_000 });
  const proxy = release.createOfferProxy({
    site: 'acme-test',
    apiKey: 'test_key_of_acme',
    runtime: world.runtime,
    onAlert: (message) => void alerts.push(message),
    address: (request) => request.headers.get(VISITOR) ?? undefined,
    intake,
    ...options,
  });
  const started: Started = {
    alerts,
    async post(events, visitor = '203.0.113.1') {
      const body = wireBody(events, { sent_at: world.runtime.now() });
      const response = await proxy(pageRequest(body, { [VISITOR]: visitor }));
      return (await response.text()).split('"accepted"').length - 1;
    },
    async status() {
      const admin = release.createOfferAdmin({ intake, token: ADMIN_TOKEN });
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
      return (await (
        await admin(new Request('https://shop.example/admin/status', { headers }))
      ).json()) as Status;
    },
    close: () => proxy.close(),
  };
  proxies.push(started);
  return started;
};

/** Views with these numbers, each of an offer of its own unless a field says otherwise. */
const views = (from: number, count: number, fields: Record<string, unknown> = {}): object[] =>
  Array.from({ length: count }, (_, at) =>
    wireEvent(from + at, { occurred_at: world.runtime.now() - SECOND_MS, ...fields }),
  );

const refusal = (status: number, code: string): Response =>
  Response.json({ api_error_code: code, message: 'refused' }, { status });

const callsOf = (part: string): number => world.runtime.calls.filter(({ url }) => url.includes(part)).length;

/** How many of ninety-nine visitors have their view delivered two minutes after it was taken, behind one with 6,000. */
const servedBehindOne = async (release: Release, fields: Record<string, unknown>): Promise<number> => {
  const { post } = start(release, { pace: { perMinute: 150 }, limits: { perAddress: 100_000 } });
  // Version 0.1 needs more than a minute for 6,000 of one offer, and 1,000 keep it busy for long enough.
  const count = release === now ? 6_000 : 1_000;
  for (let from = 0; from < count; from += BATCH) await post(views(from, BATCH, fields));
  const theirs = Array.from({ length: 99 }, (_, at) => 6_000 + at);
  for (const number of theirs) await post(views(number, 1, fields), `198.51.100.${number - 5_999}`);
  await world.runtime.advance(2 * MINUTE_MS);
  const delivered = new Set(world.runtime.calls.map(({ key }) => key));
  return theirs.filter((number) => delivered.has(`oe1-${eventId(number)}`)).length;
};

/** Each: what happens, what is observed, how it was in version 0.1, and how it is now. */
const CASES: readonly [string, (release: Release) => Promise<unknown>, then: unknown, now: unknown][] = [
  [
    'a second site that is started on the first one’s file delivers so many of its ten events',
    async (release) => {
      world.runtime.answer = () => new Response(null, { status: 503 });
      const first = start(release);
      await first.post(views(1, 10));
      await first.close();
      world.runtime.answer = noContent;
      try {
        start(release, { site: 'other-test', apiKey: 'test_key_of_the_other' });
      } catch (cause) {
        return isOffersightError(cause) &&
          ['acme-test', 'other-test'].every((site) => cause.message.includes(site))
          ? 'refused, with both names'
          : cause;
      }
      await world.runtime.advance(5 * MINUTE_MS);
      return callsOf('other-test');
    },
    10,
    'refused, with both names',
  ],
  [
    'one address may send so many of 1,500 events in a minute, with a plan of 150 calls',
    async (release) => {
      const { post } = start(release, { pace: { perMinute: 150 } });
      let accepted = 0;
      for (let from = 0; from < 1_500; from += 100) accepted += await post(views(from, 100));
      return accepted;
    },
    1_500,
    600,
  ],
  [
    'of ninety-nine visitors behind one with 6,000 events, each with an offer of their own, so many are served in two minutes',
    (release) => servedBehindOne(release, {}),
    0,
    99,
  ],
  [
    'of ninety-nine visitors behind one with 6,000 events, all of one offer, so many are served in two minutes',
    (release) => servedBehindOne(release, { personalized_offer_id: 'of-all' }),
    0,
    99,
  ],
  [
    'fifty events that are all refused by name cause an alert with the code and the likely reason',
    async (release) => {
      world.runtime.answer = () => refusal(404, 'resource_not_found');
      const { post, alerts } = start(release);
      await post(views(0, 50));
      await world.runtime.advance(30 * MINUTE_MS);
      return alerts.some((words) => words.includes('resource_not_found') && words.includes('offer_id'));
    },
    false,
    true,
  ],
  [
    'behind one event that is answered 403, so many of 146 others are delivered in 150 seconds',
    async (release) => {
      world.runtime.answer = async (request) => {
        const isForbidden = (await request.text()).includes('forbidden');
        await new Promise<void>((resolve) => world.runtime.after(SECOND_MS / 2, resolve));
        return isForbidden ? refusal(403, 'forbidden') : noContent();
      };
      const { post } = start(release);
      await post(views(0, 1, { personalized_offer_id: 'forbidden' }));
      for (let second = 1; second <= 146; second++) {
        await post(views(second, 1));
        await world.runtime.advance(SECOND_MS);
      }
      await world.runtime.advance(4 * SECOND_MS);
      const others = world.runtime.calls.filter(({ body }) => !body.includes('forbidden'));
      return new Set(others.map(({ key }) => key)).size;
    },
    103,
    146,
  ],
  [
    'a key that is still wrong after a restart causes an alert about it',
    async (release) => {
      world.runtime.answer = () => refusal(401, 'api_authentication_failed');
      const first = start(release);
      await first.post(views(0, 1));
      await world.runtime.advance(MINUTE_MS);
      await first.close();
      const { alerts } = start(release);
      await world.runtime.advance(30 * MINUTE_MS);
      return alerts.some((words) => words.includes('key'));
    },
    false,
    true,
  ],
  [
    'an option that is misspelt leads to',
    async (release) => {
      const misspelt = { requireSignedOffer: true } as Partial<OfferProxyOptions>;
      try {
        return `${await start(release, misspelt).post(views(0, 1))} unsigned event accepted`;
      } catch (cause) {
        return isOffersightError(cause) && cause.message.includes('requireSignedOffers')
          ? 'the right name'
          : cause;
      }
    },
    '1 unsigned event accepted',
    'the right name',
  ],
  [
    'ten events whose answers come while the process is busy need so many calls',
    async (release) => {
      const answers: (() => void)[] = [];
      world.runtime.answer = (request) =>
        Promise.race([
          hang(request),
          new Promise<Response>((resolve) => answers.push(() => resolve(noContent()))),
        ]);
      const { post } = start(release);
      await post(views(0, 10));
      await world.runtime.advance(SECOND_MS);
      world.runtime.pass(20 * SECOND_MS);
      // Timers that are due run before what has come from the network.
      await world.runtime.advance(0);
      world.runtime.answer = noContent;
      for (const answer of answers) answer();
      await world.runtime.advance(5 * MINUTE_MS);
      return world.runtime.calls.length;
    },
    20,
    10,
  ],
  [
    'a clock that is 25 hours ahead for a moment leaves so many of 300 events to deliver',
    async (release) => {
      const { post } = start(release);
      await post(views(0, 300));
      world.runtime.jump(25 * HOUR_MS);
      await world.runtime.advance(1_500);
      world.runtime.jump(-25 * HOUR_MS);
      await world.runtime.advance(10 * MINUTE_MS);
      return new Set(world.runtime.calls.map(({ key }) => key)).size;
    },
    10,
    300,
  ],
  [
    'a view that waits for the upstream is in the figures so many times',
    async (release) => {
      world.runtime.answer = () => new Response(null, { status: 503 });
      const { post, status } = start(release);
      await post(views(0, 1));
      return (await status()).offers[0]?.viewed;
    },
    0,
    1,
  ],
  [
    'a view that was delivered eight days ago is in the figures so many times',
    async (release) => {
      // The figures are those of the last days by the machine's clock.
      world.runtime.jump(Date.now() - START);
      const { post, status } = start(release);
      await post(views(0, 1));
      await world.runtime.advance(MINUTE_MS);
      world.runtime.pass(8 * 24 * HOUR_MS);
      await world.runtime.advance(2 * HOUR_MS);
      const { offers, sums } = await status();
      return sums?.last30Days.delivered ?? offers.length;
    },
    0,
    1,
  ],
];

/** The old proxy needs seconds for some of these on a quick machine, milliseconds. */
const SLOWEST_MS = 300_000;

const then = await earlier('0.1.0');
const now: Release = { createOfferAdmin, createOfferProxy, sqliteIntake: intakeHere };

describe.each(CASES)('%s', (_, observe, before, after) => {
  it(`came to ${String(before)} in version 0.1`, { timeout: SLOWEST_MS }, async () => {
    expect(await observe(then)).toEqual(before);
  });

  it(`comes to ${String(after)} now`, { timeout: SLOWEST_MS }, async () => {
    expect(await observe(now)).toEqual(after);
  });
});
