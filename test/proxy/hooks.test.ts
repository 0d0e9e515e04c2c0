/**
 * A function of the host's, whatever it does, neither ends the process nor leaves a request without an answer nor loses an
 * event. Every function that an option takes has a row here; the compiler misses one.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { wordsOf } from '../../src/proxy/alerts/alert.js';
import { ALERTS } from '../../src/proxy/alerts/table.js';
import {
  createOfferAdmin,
  type OfferAdminOptions,
  type OfferProxyOptions,
  type UsageOptions,
} from '../../src/proxy/index.js';
import { deferred } from '../support/deferred.js';
import { type FunctionsOf, WAYS, type Way, watchEscapes } from '../support/hooks.js';
import { pageRequest, type StartedProxy, startProxy } from '../support/proxy.js';
import { type FakeRuntime, settle } from '../support/runtime.js';
import { wireBody, wireEvent } from '../support/wire.js';

/** What the sender is told, and which alert the operator gets. */
interface Outcome {
  readonly answer: string;
  readonly alert?: string;
}
type Outcomes = Readonly<Record<Way, Outcome>>;

const ACCEPTED = { answer: 'accepted' };
const FAILED = { answer: 'deferred unavailable', alert: ALERTS.hookFailed.words };
const LATE = { answer: 'deferred unavailable', alert: ALERTS.hooksLate.words };
const NOT_TAKEN = { answer: '503 unavailable', alert: ALERTS.notTaken.words };
const unusable = (hook: string, what: string, so: string): string =>
  wordsOf('unusableAnswer', { hook, what, so });

/** What waits for nothing is only called. */
const isOnlyCalled = (alert?: string): Outcomes => {
  const failed = { ...ACCEPTED, ...(alert !== undefined && { alert }) };
  return { throws: failed, rejects: failed, 'never ends': ACCEPTED, 'gives rubbish': ACCEPTED };
};
const NO_USAGE = { ...ACCEPTED, alert: ALERTS.unusableUsage.words };

const PROXY: Readonly<Record<FunctionsOf<OfferProxyOptions>, Outcomes>> = {
  subject: {
    throws: NOT_TAKEN,
    rejects: NOT_TAKEN,
    'never ends': NOT_TAKEN,
    'gives rubbish': { ...ACCEPTED, alert: ALERTS.noSubject.words },
  },
  authorize: {
    throws: FAILED,
    rejects: FAILED,
    'never ends': LATE,
    'gives rubbish': {
      answer: 'refused invalid_event',
      alert: unusable('authorize', 'true or false', 'its events are refused'),
    },
  },
  address: {
    throws: NOT_TAKEN,
    rejects: NOT_TAKEN,
    'never ends': NOT_TAKEN,
    'gives rubbish': {
      ...ACCEPTED,
      alert: unusable('address', 'a text or undefined', 'no address has a budget'),
    },
  },
  caller: {
    throws: FAILED,
    rejects: FAILED,
    'never ends': LATE,
    'gives rubbish': {
      ...ACCEPTED,
      alert: unusable('caller', 'an object with texts, or undefined', 'what is no text is not sent'),
    },
  },
  onAlert: isOnlyCalled(),
  onObservation: isOnlyCalled(ALERTS.observationFailed.words),
};

const USAGE: Readonly<Record<FunctionsOf<UsageOptions>, Outcomes>> = {
  subscriptionFor: { throws: FAILED, rejects: FAILED, 'never ends': LATE, 'gives rubbish': NO_USAGE },
  propertiesFor: { throws: FAILED, rejects: FAILED, 'never ends': LATE, 'gives rubbish': NO_USAGE },
};

/** What a function that works gives. */
const GOOD: Readonly<Record<keyof typeof PROXY | keyof typeof USAGE, unknown>> = {
  subject: 'ada',
  authorize: true,
  address: '203.0.113.9',
  caller: { ip: '203.0.113.9' },
  onAlert: undefined,
  onObservation: undefined,
  subscriptionFor: 'sub-4711',
  propertiesFor: { offer_event: 'viewed' },
};

let escapes: ReturnType<typeof watchEscapes>;

beforeEach(() => {
  escapes = watchEscapes();
});

afterEach(async () => {
  await escapes.stop();
  expect(escapes.escaped).toEqual([]);
});

/** Lets time pass until a promise is settled: what other threads compute, such as digests, has no fixed number of turns. */
const untilSettled = async <Result>(runtime: FakeRuntime, promise: Promise<Result>): Promise<Result> => {
  let isSettled = false;
  const settled = (): void => {
    isSettled = true;
  };
  promise.then(settled, settled);
  do await runtime.advance(8_000);
  while (!isSettled);
  return promise;
};

/** What one event is answered. */
const send = async ({ proxy, runtime }: StartedProxy, fields: object): Promise<string> => {
  const answering = proxy(pageRequest(wireBody([wireEvent(1, { ...fields })])), { address: '198.51.100.1' });
  const response = await untilSettled(runtime, answering);
  const { results, code: problem } = (await response.json()) as {
    readonly code?: string;
    readonly results?: readonly { readonly status: string; readonly code?: string }[];
  };
  const [{ status, code } = { status: `${response.status}`, code: problem }] = results ?? [];
  return code ? `${status} ${code}` : status;
};

const rows = <Name extends string>(hooks: Readonly<Record<Name, Outcomes>>) =>
  (Object.entries(hooks) as [Name, Outcomes][]).flatMap(([name, outcomes]) =>
    (Object.entries(outcomes) as [Way, Outcome][]).map(([way, outcome]) => ({ name, way, outcome })),
  );

describe('a hook of the proxy', () => {
  it.each([...rows(PROXY), ...rows(USAGE)])(
    '$name that $way: the sender is told “$outcome.answer”, and nothing is lost',
    async ({ name, way, outcome }) => {
      for (const broken of WAYS[way]) {
        let isBroken = true;
        const hook = (): unknown => (isBroken ? broken() : GOOD[name]);
        const started = startProxy(
          name in USAGE ? { usage: { subscriptionFor: () => 'sub-4711', [name]: hook } } : { [name]: hook },
        );
        // So that there is an alert.
        const fields = name === 'onAlert' ? { group: 'no group' } : {};
        expect([broken, await send(started, fields)]).toEqual([broken, outcome.answer]);
        if (name !== 'onAlert') expect(started.alerts).toEqual(outcome.alert ? [outcome.alert] : []);
        isBroken = false;
        expect(await send(started, fields)).toMatch(/^accepted$|^duplicate$/);
        const reached = started.runtime.calls.filter(({ url }) => url.includes('.grow.'));
        expect(reached).toHaveLength(1);
        await started.end();
      }
    },
  );
});

describe('a hook that rejects after its request was answered', () => {
  const asked = ['subject', 'authorize', 'address', 'caller', 'subscriptionFor', 'propertiesFor'] as const;

  it.each(asked)('ends no process, and the same event is taken later: %s', async (name) => {
    const late = deferred<unknown>();
    let isBroken = true;
    const hook = (): unknown => (isBroken ? late.promise : GOOD[name]);
    const started = startProxy(
      name in USAGE ? { usage: { subscriptionFor: () => 'sub-4711', [name]: hook } } : { [name]: hook },
    );
    expect(await send(started, {})).toMatch(/ unavailable$/);
    late.reject(new Error('of the host'));
    await settle();
    isBroken = false;
    expect(await send(started, {})).toBe('accepted');
    await started.end();
  });
});

describe('a report of the host’s own code', () => {
  it.each(
    (Object.keys(USAGE) as (keyof typeof USAGE)[]).flatMap((name) =>
      (['throws', 'rejects', 'never ends'] as const).map((way) => ({ name, way })),
    ),
  )(
    'if $name $way: it is told to report the same events again, which then count once',
    async ({ name, way }) => {
      for (const broken of WAYS[way]) {
        let isBroken = true;
        const { proxy, runtime, end } = startProxy({
          usage: {
            subscriptionFor: () => 'sub-4711',
            [name]: () => (isBroken ? broken() : GOOD[name]),
          },
        });
        const events = [{ name: 'mail-1', type: 'viewed', offerId: 'a52ge1' }] as const;
        await expect(untilSettled(runtime, proxy.report(events))).rejects.toMatchObject({
          code: 'delivery',
          hint: expect.stringMatching(/^A hook of usage failed\. Report the events again/) as string,
        });
        isBroken = false;
        expect(await proxy.report(events)).toEqual({ accepted: 1, duplicate: 0 });
        await end();
      }
    },
  );
});

const TOKEN = 'canary-token-0123456789-abcdefghijkl';

const OPERATORS: Readonly<Record<FunctionsOf<OfferAdminOptions>, number>> = {
  report: 503,
  onAlert: 503,
};

describe('a function of the operators’ door', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each(
    Object.entries(OPERATORS).flatMap(([name, status]) =>
      (Object.keys(WAYS) as Way[]).map((way) => ({ name, way, status })),
    ),
  )('$name that $way: the operator is answered $status', async ({ name, way, status }) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    for (const broken of WAYS[way]) {
      const alerts: unknown[] = [];
      const { intake, end } = startProxy();
      const admin = createOfferAdmin({
        intake,
        token: TOKEN,
        report: () => Promise.reject(new Error('so that there is an alert')),
        onAlert: (message) => alerts.push(message),
        [name]: broken,
      });
      const answering = admin(
        new Request('https://ops.example/admin/report', {
          method: 'POST',
          headers: { authorization: `Bearer ${TOKEN}` },
          body: '{"name":"mail-1","type":"viewed","personalized_offer_id":"a52ge1"}',
        }),
      );
      let response: Response | undefined;
      void answering.then((answered) => {
        response = answered;
      });
      // It reads, and checks the token, before it waits.
      for (; !response; await settle()) await vi.advanceTimersByTimeAsync(10_000);
      expect([broken, response.status]).toEqual([broken, status]);
      if (name !== 'onAlert') expect(alerts).toEqual([ALERTS.operatorFailed.words]);
      await end();
    }
  });
});
