/** What Prometheus scrapes of alerts, events and dead letters. */
import { describe, expect, it } from 'vitest';
import { ALERT_CODES, ALERTS } from '../../../src/proxy/alerts/table.js';
import { createMetrics } from '../../../src/proxy/cli/metrics.js';
import type { Intake, LaneStatus, Observation, OfferProxyOptions } from '../../../src/proxy/index.js';
import { pageRequest, startProxy } from '../../support/proxy.js';
import { fakeRuntime } from '../../support/runtime.js';
import { wireBody, wireEvent } from '../../support/wire.js';

const TEN_MINUTES_MS = 600_000;

/** Metrics, and what is read of them. */
const openBench = async () => {
  const runtime = fakeRuntime();
  const metrics = await createMetrics(runtime);
  if (!metrics) throw new Error('prom-client is not installed.');
  return {
    runtime,
    metrics,
    watch: (intake: Intake, isTaking = async () => true) => metrics.watch(intake, isTaking),
    /** The series of a metric that are not 0, without its name. */
    async figures(name: string): Promise<Record<string, number>> {
      const lines = (await metrics.render()).matchAll(new RegExp(`^${name}({.*}) (\\S+)$`, 'gm'));
      const all = [...lines].map(([, labels = '', value]) => [labels, Number(value)] as const);
      return Object.fromEntries(all.filter(([, value]) => value));
    },
  };
};

const intakeWith = (given: Partial<LaneStatus>): Intake => {
  const lane = (status: Partial<LaneStatus>) => ({
    status: async () => ({ waiting: 0, oldestAt: undefined, lastMinute: 0, note: {}, dead: {}, ...status }),
  });
  return { ...lane(given), usage: lane({}) } as unknown as Intake;
};

describe('the gauge of alerts', () => {
  it('is 1 for an alert while its condition is seen, and 0 ten minutes after it was last seen', async () => {
    const { runtime, figures, metrics } = await openBench();
    expect(await figures('offersight_alert')).toEqual({});
    metrics.observe({ kind: 'alert', code: 'full' });
    await runtime.advance(TEN_MINUTES_MS - 1);
    expect(await figures('offersight_alert')).toEqual({ '{lane="",code="full"}': 1 });
    metrics.observe({ kind: 'alert', code: 'full' });
    await runtime.advance(TEN_MINUTES_MS - 1);
    expect(await figures('offersight_alert')).toEqual({ '{lane="",code="full"}': 1 });
    await runtime.advance(1);
    expect(await figures('offersight_alert')).toEqual({});
  });

  it('counts the calls that Chargebee knew by their key, from 0 on', async () => {
    const { metrics } = await openBench();
    const call = {
      kind: 'call',
      destination: 'offer_events',
      outcome: 'done',
      events: 1,
      durationMs: 1,
    } as const;
    for (const isReplay of [false, true]) metrics.observe({ ...call, isReplay });
    expect(await metrics.render()).toMatch(
      /^offersight_replayed_calls_total\{destination="offer_events"\} 1$/m,
    );
  });

  it('has a series for every alert from the beginning, so that a rule can tell 0 from nothing', async () => {
    const { metrics, watch } = await openBench();
    watch(intakeWith({}));
    const text = await metrics.render();
    for (const code of ALERT_CODES)
      expect(text).toContain(
        `offersight_alert{lane="${ALERTS[code].isNoted ? 'offer_events' : ''}",code="${code}"} 0\n`,
      );
  });

  it('shows what the note of a lane says, with the lane, until the note no longer has it', async () => {
    const { runtime, figures, metrics, watch } = await openBench();
    const status = { note: { alert: 'Check the key.', alertCode: 'badKey' } };
    const intake = intakeWith(status);
    watch(intake);
    // The process that sees it as well adds no second one.
    metrics.observe({ kind: 'alert', code: 'badKey' });
    expect(await figures('offersight_alert')).toEqual({ '{lane="offer_events",code="badKey"}': 1 });
    await runtime.advance(TEN_MINUTES_MS);
    expect(await figures('offersight_alert')).toEqual({ '{lane="offer_events",code="badKey"}': 1 });
    for (const alertCode of [undefined, 'codeOfALaterRelease']) {
      watch(intakeWith({ note: { alert: 'Words of another release.', alertCode } }));
      expect(await figures('offersight_alert')).toEqual({ '{lane="offer_events",code="other"}': 1 });
    }
    watch(intakeWith({}));
    expect(await figures('offersight_alert')).toEqual({});
  });

  it('shows alerts about the upstream without a lane if nothing keeps a note', async () => {
    const { figures, metrics } = await openBench();
    metrics.observe({ kind: 'alert', code: 'unreachable' });
    expect(await figures('offersight_alert')).toEqual({ '{lane="",code="unreachable"}': 1 });
  });

  it('keeps nothing of an intake that does not answer, except what this process sees', async () => {
    const { figures, metrics, watch } = await openBench();
    watch(
      intakeWith({ note: { alert: 'Check the network.', alertCode: 'unreachable' }, dead: { expired: 2 } }),
    );
    await figures('offersight_alert');
    watch({ ...intakeWith({}), status: () => Promise.reject(new Error('away')) });
    metrics.observe({ kind: 'alert', code: 'intakeFailed' });
    expect(await figures('offersight_alert')).toEqual({ '{lane="",code="intakeFailed"}': 1 });
    expect(await figures('offersight_dead_letters')).toEqual({});
  });
});

describe('a scrape', () => {
  it('waits two seconds for an intake, which then counts as away, and keeps nothing of it', async () => {
    const { runtime, metrics, watch } = await openBench();
    watch(intakeWith({ waiting: 3 }));
    expect(await metrics.render()).toContain('offersight_intake_up 1\n');
    watch({ ...intakeWith({}), status: () => new Promise(() => undefined) });
    const scraped = metrics.render();
    await runtime.advance(2_000);
    const text = await scraped;
    expect(text).toContain('offersight_intake_up 0\n');
    expect(text).not.toMatch(
      /offersight_(waiting|oldest_waiting_seconds|begun_last_minute|paused_seconds)\{/,
    );
  });

  it('counts an intake as away that answers and takes no events, and shows what it says', async () => {
    const { metrics, watch } = await openBench();
    let takes = false;
    watch(intakeWith({ waiting: 3 }), async () => takes);
    const text = await metrics.render();
    expect(text).toContain('offersight_intake_up 0\n');
    expect(text).toContain('offersight_waiting{lane="offer_events"} 3\n');
    takes = true;
    expect(await metrics.render()).toContain('offersight_intake_up 1\n');
  });

  it('asks an intake that is late only once, and shows what it says at last', async () => {
    const { runtime, metrics, watch } = await openBench();
    let answer = (_: LaneStatus): void => undefined;
    const standing = new Promise<LaneStatus>((resolve) => (answer = resolve));
    let asked = 0;
    const status = (): Promise<LaneStatus> => {
      asked++;
      return standing;
    };
    watch({ ...intakeWith({}), status });
    for (let scrape = 0; scrape < 3; scrape++) {
      const scraped = metrics.render();
      await runtime.advance(2_000);
      expect(await scraped).toContain('offersight_intake_up 0\n');
    }
    expect(asked).toBe(1);
    const scraped = metrics.render();
    answer(await intakeWith({ waiting: 3 }).status(0));
    expect(await scraped).toContain('offersight_waiting{lane="offer_events"} 3\n');
    await metrics.render();
    expect(asked).toBe(2);
  });
});

describe('an alert', () => {
  const broken = (): never => {
    throw new Error('broken');
  };

  it.each<[string, Partial<OfferProxyOptions>, code: string]>([
    ['hookFailed if a hook breaks for an event', { authorize: broken }, 'hookFailed'],
    ['notTaken if a hook breaks a whole request', { address: broken }, 'notTaken'],
  ])(
    'is observed each time that its condition is seen, although its message is left out: %s',
    async (_, options, code) => {
      const seen: string[] = [];
      const started = startProxy({
        ...options,
        onObservation(observation: Observation) {
          if (observation.kind === 'alert') seen.push(observation.code);
        },
      } as never);
      for (let count = 1; count <= 3; count++) await started.proxy(pageRequest(wireBody([wireEvent(count)])));
      await started.end();
      expect([seen, started.alerts.length]).toEqual([[code, code, code], 1]);
    },
  );

  it('about an observing hook that throws each time is raised, and does not come about itself', async () => {
    const kinds: string[] = [];
    const started = startProxy({
      onObservation({ kind }) {
        kinds.push(kind);
        throw new Error('broken');
      },
    });
    await started.proxy(pageRequest(wireBody([wireEvent(1)])));
    expect(started.alerts).toEqual([ALERTS.observationFailed.words]);
    expect(kinds.filter((kind) => kind === 'alert').length).toBe(
      kinds.filter((kind) => kind !== 'alert').length,
    );
    await started.end();
  });
});

describe('events and dead letters', () => {
  it('are 0 from the beginning, so that a rule sees a proxy that takes nothing', async () => {
    const { metrics } = await openBench();
    const text = await metrics.render();
    for (const type of ['viewed', 'dismissed'])
      expect(text).toContain(`offersight_events_total{type="${type}",verdict="accepted",code=""} 0\n`);
  });

  it('are counted by type as they are taken, also those that the host’s own code reports', async () => {
    const { figures, metrics } = await openBench();
    const started = startProxy({ onObservation: (observation) => metrics.observe(observation) });
    const events = [
      wireEvent(1),
      wireEvent(2),
      wireEvent(3, { type: 'dismissed' }),
      wireEvent(4, { type: 'X' }),
    ];
    await started.proxy(pageRequest(wireBody(events)));
    await started.proxy(pageRequest(wireBody(events.slice(2, 3))));
    const reported = { name: 'mail-1', type: 'viewed', offerId: 'a52ge1' } as const;
    await started.proxy.report([reported, { ...reported, name: 'order-1', type: 'accepted' }]);
    expect(await figures('offersight_events_total')).toEqual({
      '{type="viewed",verdict="accepted",code=""}': 3,
      '{type="dismissed",verdict="accepted",code=""}': 1,
      '{type="",verdict="refused",code="invalid_event"}': 1,
      '{type="dismissed",verdict="duplicate",code=""}': 1,
      '{type="accepted",verdict="accepted",code=""}': 1,
    });
    await started.end();
  });

  it('are counted by every code that the intake has, and 0 when none of a code is left', async () => {
    const { metrics, figures, watch } = await openBench();
    watch(intakeWith({ dead: { expired: 2, resource_not_found: 7 } }));
    expect(await figures('offersight_dead_letters')).toEqual({
      '{lane="offer_events",code="expired"}': 2,
      '{lane="offer_events",code="resource_not_found"}': 7,
    });
    // Every object has something of that name.
    watch(intakeWith({ dead: { constructor: 1 } }));
    expect(await figures('offersight_dead_letters')).toEqual({
      '{lane="offer_events",code="constructor"}': 1,
    });
    for (const zero of ['lane="offer_events",code="expired"', 'lane="usage_events",code="constructor"'])
      expect(await metrics.render()).toContain(`offersight_dead_letters{${zero}} 0\n`);
  });
});
