/** What becomes of accepted events as the upstream answers, over both lanes of a file and over an intake without storage. */
import { afterEach, describe, expect, it } from 'vitest';
import { directIntake, type Intake, type Observation } from '../../../src/proxy/index.js';
import { temporaryFolder } from '../../support/intake.js';
import {
  CANARY_KEY,
  hang,
  noContent,
  pageRequest,
  type StartedProxy,
  startProxy,
} from '../../support/proxy.js';
import { intakeHere } from '../../support/sqlite.js';
import { taken } from '../../support/usage.js';
import { eventId, START, wireBody, wireEvent } from '../../support/wire.js';

const MINUTE_MS = 60_000;
const NUMBERS = [1, 2, 3, 4, 5, 6, 7];

let started: StartedProxy;

afterEach(async () => {
  started.runtime.answer = noContent;
  const ended = started.end();
  // A call that hangs ends by its deadline.
  await started.runtime.advance(10_000);
  await ended;
});

const direct = (): Intake => directIntake() as unknown as Intake;

/** What a page is told about each of these events. */
const report = async (numbers: readonly number[], fields = {}): Promise<string[]> => {
  const events = numbers.map((number) => wireEvent(number, fields));
  const response = await started.proxy(pageRequest(wireBody(events, { sent_at: START })));
  const { results } = (await response.json()) as { results: { status: string }[] };
  return results.map(({ status }) => status);
};

const json = (status: number, body: object, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers });

const KEY = `oe1-${eventId(1)}`;
const BODY = '{"personalized_offer_id":"a52ge1","type":"viewed"}';
const UNKNOWN_OFFER = { api_error_code: 'resource_not_found', param: 'personalized_offer_id' };
const SUPPORT = expect.stringMatching(
  /ask Chargebee’s support to .* for this site.*Events are kept/,
) as string;

describe('an accepted event', () => {
  it('reaches the upstream at once, under a key made of its id', async () => {
    started = startProxy();
    await report([1]);
    await started.runtime.advance(0);
    const url = 'https://acme-test.grow.chargebee.com/api/v2/offer_events';
    expect(started.runtime.calls).toEqual([{ at: 0, url, key: KEY, body: BODY }]);
    expect(await started.intake.list({ limit: 1 })).toMatchObject([{ state: 'done', isAmbiguous: false }]);
  });

  it('reaches the upstream even if its offer ends while it waits, since it was seen in time', async () => {
    started = startProxy();
    started.runtime.answer = () => new Response(null, { status: 503 });
    await report([2], { expires_at: START + 5_000 });
    await started.runtime.advance(20_000);
    started.runtime.answer = noContent;
    await started.runtime.advance(MINUTE_MS);
    expect(await started.intake.list({ limit: 1 })).toMatchObject([{ id: eventId(2), state: 'done' }]);
  });
});

type Answer = (request: Request) => Response | Promise<Response>;
interface Fate {
  /** How the events stand while the upstream answers so; `open` is `waiting` or `forwarding`. */
  readonly state: 'open' | 'dead';
  readonly isAmbiguous: boolean;
  readonly alert?: RegExp;
}

const FATES: readonly (readonly [title: string, Answer, Fate])[] = [
  [
    'a 500',
    () => new Response(null, { status: 500 }),
    { state: 'open', isAmbiguous: true, alert: /answers with errors/ },
  ],
  ['a page', () => new Response('<h1>Login'), { state: 'open', isAmbiguous: true, alert: /in the place of/ }],
  [
    'a redirect',
    () => new Response(null, { status: 302, headers: { location: 'http://10.0.0.1/' } }),
    { state: 'open', isAmbiguous: true, alert: /in the place of/ },
  ],
  [
    'a broken connection',
    () => Promise.reject(new TypeError('fetch failed')),
    { state: 'open', isAmbiguous: true, alert: /cannot be reached/ },
  ],
  ['no answer', hang, { state: 'open', isAmbiguous: true, alert: /cannot be reached/ }],
  ['a 429', () => json(429, {}, { 'retry-after': '400' }), { state: 'open', isAmbiguous: false }],
  ['a wrong key', () => json(401, {}), { state: 'open', isAmbiguous: false, alert: /key/ }],
  ['an API that is not enabled', () => json(403, {}), { state: 'open', isAmbiguous: false, alert: /enable/ }],
  [
    'an unknown site',
    () => json(404, { api_error_code: 'site_not_found' }),
    { state: 'open', isAmbiguous: false, alert: /site name/ },
  ],
  [
    'a refusal',
    ({ url }) =>
      json(400, { api_error_code: 'param_wrong_value', param: url.includes('.ingest.') ? 'events' : 'type' }),
    { state: 'dead', isAmbiguous: false },
  ],
];

describe.each(['grow', 'ingest'] as const)('seven events whose calls of the %s API come to', (name) => {
  // Each lane alone: what one API answers neither holds nor doubles what goes to the other.
  it.each(FATES)(
    '%s are kept or dead letters, and go again as they were (faults 65, 66) (attacks 49, 51)',
    async (_, trouble, { state, isAmbiguous, alert }) => {
      started = startProxy({ usage: { subscriptionFor: () => 'sub' } });
      const { runtime, intake, alerts } = started;
      const [troubled, other] = name === 'grow' ? [intake, intake.usage] : [intake.usage, intake];
      const well: Answer = ({ url }) => (url.includes('.ingest.') ? taken() : noContent());
      const callsOf = (isTroubled: boolean) =>
        runtime.calls.filter(({ url }) => url.includes(name) === isTroubled);
      runtime.answer = (request) => (request.url.includes(name) ? trouble(request) : well(request));
      await report(NUMBERS);
      await runtime.advance(2 * MINUTE_MS);
      const rows = await troubled.list({ limit: 9 });
      expect(new Set(rows.map((row) => (row.settledAt === undefined ? 'open' : row.state)))).toEqual(
        new Set([state]),
      );
      const others = await other.list({ limit: 9 });
      expect(others.map((row) => row.state)).toEqual(NUMBERS.map(() => 'done'));
      expect(callsOf(false)).toHaveLength(name === 'grow' ? 1 : 7);
      const says = alert ?? (name === 'grow' && state === 'dead' ? /refuses most events/ : undefined);
      if (says) expect(alerts[0]).toMatch(says);
      else if (state === 'open') expect(alerts).toEqual([]);
      expect(alerts.join()).not.toContain(CANARY_KEY);
      runtime.answer = well;
      await runtime.advance(10 * MINUTE_MS);
      const after = await troubled.list({ limit: 9 });
      expect(after.map((row) => row.state)).toEqual(NUMBERS.map(() => (state === 'open' ? 'done' : 'dead')));
      expect(after.some((row) => row.isAmbiguous)).toBe(isAmbiguous);
      expect(after.some((row) => row.maybeDuplicate)).toBe(false);
      if (name === 'ingest') return;
      const ofFirst = callsOf(true).filter(({ key }) => key === KEY);
      expect(ofFirst.length).toBeGreaterThan(state === 'open' ? 1 : 0);
      expect(new Set(ofFirst.map(({ body }) => body))).toEqual(new Set([BODY]));
      if (state === 'dead') expect(callsOf(true)).toHaveLength(7);
    },
  );
});

describe('a site that has never taken an event, and may not yet use the API', () => {
  it.each([
    { api_error_code: 'configuration_incompatible', error_code: 'api_restricted' },
    { api_error_code: 'invalid_request' },
  ])(
    'loses none over a file, as %j: one is tried every 30 s until it is enabled (fault 74)',
    async (body) => {
      started = startProxy();
      const { runtime, intake } = started;
      const states = async () => new Set((await intake.list({ limit: 100 })).map(({ state }) => state));
      runtime.answer = () => json(400, body);
      for (const number of NUMBERS) expect(await report([number])).toEqual(['accepted']);
      await runtime.advance(10 * MINUTE_MS);
      expect(await states()).toEqual(new Set(['waiting']));
      expect(started.alerts[0]).toEqual(SUPPORT);
      // Several calls may have been under way when the first was answered.
      const times = [...new Set(runtime.calls.map(({ at }) => at))];
      const gaps = times.slice(1).map((at, before) => at - (times[before] ?? 0));
      expect(gaps).toHaveLength(20);
      expect(gaps.filter((gap) => gap < 30_000 || gap > 31_000)).toEqual([]);
      runtime.answer = noContent;
      await runtime.advance(MINUTE_MS);
      expect(await states()).toEqual(new Set(['done']));
    },
  );

  it.each([
    [{ api_error_code: 'configuration_incompatible' }, [SUPPORT]],
    // The event may be at fault, so one of them does not say anything of the site.
    [{ api_error_code: 'invalid_request' }, []],
  ])(
    'loses none without storage, as %j: the page keeps it and sends it again (fault 74)',
    async (body, alerts) => {
      started = startProxy({ intake: direct() });
      started.runtime.answer = () => json(400, body);
      expect(await report([1])).toEqual(['deferred']);
      await started.runtime.advance(30_000);
      expect(await report([1])).toEqual(['deferred']);
      expect(started.runtime.calls).toHaveLength(2);
      expect(started.alerts).toEqual(alerts);
      await started.runtime.advance(30_000);
      expect(await report([2])).toEqual(['deferred']);
      expect(started.alerts).toEqual([SUPPORT]);
      started.runtime.answer = noContent;
      await started.runtime.advance(30_000);
      expect(await report([1])).toEqual(['accepted']);
    },
  );
});

describe('a site that has taken an event', () => {
  it('refuses one for which no field is named, also without storage', async () => {
    started = startProxy({ intake: direct() });
    expect(await report([1])).toEqual(['accepted']);
    started.runtime.answer = () => json(400, { api_error_code: 'invalid_request' });
    expect(await report([2])).toEqual(['refused']);
  });

  it('keeps one that it may not take, and the others go on', async () => {
    started = startProxy();
    await report([1]);
    await started.runtime.advance(1_000);
    started.runtime.answer = () => json(400, { api_error_code: 'configuration_incompatible' });
    await report([2]);
    await started.runtime.advance(1_000);
    started.runtime.answer = noContent;
    await report([3]);
    await started.runtime.advance(1_000);
    const rows = await started.intake.list({ limit: 3 });
    expect(rows.map(({ state }) => state)).toEqual(['done', 'waiting', 'done']);
    expect(started.alerts).toEqual([SUPPORT]);
  });

  it('is known as such after a restart over the same file', async () => {
    const folder = temporaryFolder();
    const start = (): StartedProxy => startProxy({ intake: intakeHere({ file: `${folder.path}/i.db` }) });
    started = start();
    await report([1]);
    await started.runtime.advance(1_000);
    await started.end();
    started = start();
    started.runtime.answer = () => json(400, { api_error_code: 'invalid_request' });
    await report([2]);
    await started.runtime.advance(1_000);
    expect((await started.intake.list({ limit: 3 })).map(({ state }) => state)).toEqual(['dead', 'done']);
    await started.end();
    folder.remove();
  });
});

describe('the observation hook', () => {
  it.each([undefined, direct()])('is told that Chargebee knew a call by its key', async (intake) => {
    const replays: unknown[] = [];
    started = startProxy({
      ...(intake && { intake }),
      onObservation: (observation) => observation.kind === 'call' && replays.push(observation.isReplay),
    });
    await report([1]);
    await started.runtime.advance(1_000);
    started.runtime.answer = () =>
      new Response(null, { status: 204, headers: { 'chargebee-idempotency-replayed': 'true' } });
    await report([2]);
    await started.runtime.advance(1_000);
    expect(replays).toEqual([false, true]);
  });

  it('gets each call, and its events by type, outcome and code', async () => {
    const seen: Observation[] = [];
    started = startProxy({ onObservation: (observation) => seen.push(observation) });
    started.runtime.answer = async (request) =>
      (await request.clone().text()).includes('a52ge2') ? json(404, UNKNOWN_OFFER) : noContent();
    await started.proxy(pageRequest(wireBody([wireEvent(1), wireEvent(2, { type: 'dismissed' })])));
    await started.runtime.advance(1_000);
    const forwarded = seen.filter(({ kind }) => kind === 'forwarded');
    const same = { kind: 'forwarded', destination: 'offer_events', events: 1 };
    expect(forwarded).toHaveLength(2);
    expect(forwarded).toEqual(
      expect.arrayContaining([
        { ...same, type: 'viewed', outcome: 'done', code: undefined },
        { ...same, type: 'dismissed', outcome: 'refused', code: 'resource_not_found' },
      ]),
    );
    expect(seen.filter(({ kind }) => kind === 'call')).toHaveLength(2);
  });
});
