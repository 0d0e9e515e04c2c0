/** What Chargebee answers before a site may use offer events, and what becomes of events and pages meanwhile. */
import { afterEach, describe, expect, it } from 'vitest';
import { directIntake } from '../../../src/proxy/index.js';
import { temporaryFolder } from '../../support/intake.js';
import { noContent, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { intakeHere } from '../../support/sqlite.js';
import { wireBody, wireEvent } from '../../support/wire.js';

const MINUTE_MS = 60_000;
const NUMBERS = [1, 2, 3, 4, 5, 6];

let started: StartedProxy;

/** The second is forgotten with its process. */
const INTAKES = {
  file: () => startProxy(),
  direct: () => startProxy({ intake: directIntake() as unknown as NonNullable<StartedProxy['intake']> }),
} satisfies Record<string, () => StartedProxy>;

afterEach(async () => {
  started.runtime.answer = noContent;
  await started.end();
});

/** What a page is told about each of these events. */
const report = async (...numbers: readonly number[]): Promise<string[]> => {
  const said: string[] = [];
  for (const number of numbers) {
    const response = await started.proxy(pageRequest(wireBody([wireEvent(number)])));
    const { results } = (await response.json()) as { results: { status: string }[] };
    said.push(...results.map(({ status }) => status));
  }
  return said;
};

const answerWith = (status: number, body: object): void => {
  started.runtime.answer = () =>
    Response.json({ message: 'no', type: 'invalid_request', ...body }, { status });
};

const statesOf = async (): Promise<Set<string>> =>
  new Set((await started.intake.list({ limit: 100 })).map(({ state }) => state));

/** Not the event's fault, whatever the status, at any time. */
const RESTRICTED: readonly (readonly [number, object])[] = [
  // https://github.com/chargebee/chargebee-ruby/issues/66
  [400, { api_error_code: 'configuration_incompatible', error_code: 'api_restricted' }],
  // https://github.com/chargebee/chargebee-node/issues/10
  [400, { api_error_code: 'invalid_request', error_code: 'pause_feature_not_enabled' }],
  [400, { api_error_code: 'configuration_incompatible', error_code: 'orders_not_configured' }],
  [400, { api_error_code: 'configuration_incompatible' }],
  [400, { error_code: 'api_restricted' }],
  [409, { api_error_code: 'invalid_state_for_request', error_code: 'growth_not_enabled' }],
  [422, { api_error_code: 'resource_limit_exhausted' }],
  [400, { api_error_code: 'configuration_incompatible', param: 'personalized_offer_id' }],
];

/** Names no field of the event: says nothing about it before the site has taken any. */
const NAMELESS: readonly (readonly [number, object])[] = [
  [400, {}],
  [400, { api_error_code: 'invalid_request' }],
  [400, { api_error_code: 'param_wrong_value', param: '' }],
  [400, { api_error_code: 'param_wrong_value', param: 'business_entity_id' }],
  // https://github.com/chargebee/chargebee-ios/issues/27
  [404, { api_error_code: 'resource_not_found', param: null }],
  // https://github.com/chargebee/chargebee-dotnet/issues/20
  [400, { api_error_code: 'invalid_request', error_code: 'coupon_not_applicable', param: null }],
  [409, { api_error_code: 'invalid_state_for_request' }],
  [422, { api_error_code: 'unable_to_process_request' }],
];

/** The event's own fault. */
const NAMED: readonly (readonly [number, object])[] = [
  [400, { api_error_code: 'param_wrong_value', param: 'personalized_offer_id' }],
  [404, { api_error_code: 'resource_not_found', param: 'personalized_offer_id' }],
  [409, { api_error_code: 'invalid_state_for_request', param: 'personalized_offer_id' }],
  [422, { api_error_code: 'param_wrong_value', param: 'type' }],
];

const SUPPORT = expect.stringMatching(
  /ask Chargebee’s support to .* for this site.*Events are kept/,
) as string;

describe.each([...RESTRICTED, ...NAMELESS])(
  'a site that has never taken an event, and answers %i %j',
  (status, body) => {
    it('loses no event over a file: one is tried every 30 s, and all are sent once it is enabled (fault 74)', async () => {
      started = INTAKES.file();
      answerWith(status, body);
      expect(new Set(await report(...NUMBERS))).toEqual(new Set(['accepted']));
      await started.runtime.advance(10 * MINUTE_MS);
      expect(await statesOf()).toEqual(new Set(['waiting']));
      expect(started.alerts[0]).toEqual(SUPPORT);
      // Several calls may have been under way when the first was answered.
      const times = [...new Set(started.runtime.calls.map(({ at }) => at))];
      const gaps = times.slice(1).map((at, before) => at - (times[before] ?? 0));
      expect(gaps).toHaveLength(20);
      expect(gaps.filter((gap) => gap < 30_000 || gap > 31_000)).toEqual([]);
      started.runtime.answer = noContent;
      await started.runtime.advance(MINUTE_MS);
      expect(await statesOf()).toEqual(new Set(['done']));
    });

    it('loses no event without storage: the page keeps it, and sends it again (fault 74)', async () => {
      started = INTAKES.direct();
      answerWith(status, body);
      expect(await report(1)).toEqual(['deferred']);
      await started.runtime.advance(30_000);
      expect(await report(1)).toEqual(['deferred']);
      expect(started.runtime.calls).toHaveLength(2);
      started.runtime.answer = noContent;
      await started.runtime.advance(30_000);
      expect(await report(1)).toEqual(['accepted']);
    });
  },
);

describe('a process without storage that has just started, and whose first event is refused', () => {
  it.each(NAMELESS)(
    'does not say of its site that it is not enabled before another event is refused: %i %j',
    async (status, body) => {
      started = INTAKES.direct();
      answerWith(status, body);
      await report(1);
      await started.runtime.advance(30_000);
      await report(1);
      expect(started.alerts).toEqual([]);
      await started.runtime.advance(30_000);
      await report(2);
      expect(started.alerts).toEqual([SUPPORT]);
    },
  );

  it.each(RESTRICTED)('says so at once if Chargebee does: %i %j', async (status, body) => {
    started = INTAKES.direct();
    answerWith(status, body);
    await report(1);
    expect(started.alerts).toEqual([SUPPORT]);
  });
});

it('a single event of a site that is not enabled is also tried every 30 s', async () => {
  started = INTAKES.file();
  answerWith(400, { api_error_code: 'configuration_incompatible', error_code: 'api_restricted' });
  await report(1);
  await started.runtime.advance(5 * MINUTE_MS);
  expect(started.runtime.calls).toHaveLength(11);
});

describe.each(NAMED)('an answer that names what is wrong with the event, %i %j', (status, body) => {
  it.each(Object.entries(INTAKES))('refuses it, also as the first of all (%s)', async (name, start) => {
    started = start();
    answerWith(status, body);
    const said = await report(1);
    await started.runtime.advance(MINUTE_MS);
    if (name === 'direct') expect(said).toEqual(['refused']);
    else expect(await statesOf()).toEqual(new Set(['dead']));
    expect(started.runtime.calls).toHaveLength(1);
  });
});

describe('a site that has taken an event', () => {
  it.each(NAMELESS)('refuses one by %i %j', async (status, body) => {
    started = INTAKES.direct();
    expect(await report(1)).toEqual(['accepted']);
    answerWith(status, body);
    expect(await report(2)).toEqual(['refused']);
  });

  it.each(RESTRICTED)('keeps one that is answered %i %j, and the others go on', async (status, body) => {
    started = INTAKES.file();
    await report(1);
    await started.runtime.advance(1_000);
    answerWith(status, body);
    await report(2);
    await started.runtime.advance(1_000);
    started.runtime.answer = noContent;
    await report(3);
    await started.runtime.advance(1_000);
    const rows = await started.intake.list({ limit: 3 });
    expect(rows.map(({ state }) => state)).toEqual(['done', 'waiting', 'done']);
    expect(started.alerts).toEqual([SUPPORT]);
  });

  it('is known as such after a restart over the same file', async () => {
    const folder = temporaryFolder();
    const start = (): StartedProxy => startProxy({ intake: intakeHere({ file: `${folder.path}/i.db` }) });
    started = start();
    await report(1);
    await started.runtime.advance(1_000);
    await started.end();
    started = start();
    answerWith(400, { api_error_code: 'invalid_request' });
    await report(2);
    await started.runtime.advance(1_000);
    expect(await statesOf()).toEqual(new Set(['done', 'dead']));
    await started.end();
    folder.remove();
  });
});

it('the alert says what Chargebee answered, and never more than its codes', async () => {
  started = INTAKES.file();
  answerWith(400, {
    message: 'grace@example.org',
    api_error_code: 'configuration_incompatible',
    error_code: 'api_restricted',
  });
  await report(1);
  await started.runtime.advance(1_000);
  expect(started.alerts).toEqual([
    'Chargebee answers offer events with 400 configuration_incompatible (api_restricted): ask Chargebee’s support to enable offer events for this site. Events are kept.',
  ]);
});
