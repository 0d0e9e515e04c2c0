/** What Prometheus scrapes: figures of requests, verdicts and calls, and how each lane stands. */
import type { Registry } from 'prom-client';
import { platformRuntime } from '../../runtime.js';
import type { Intake } from '../intake/intake.js';
import { type LaneName, laneOf } from '../operator/listing.js';
import type { Observation } from '../telling/observation.js';

/** Counts observations and renders them. */
export interface Metrics {
  readonly contentType: string;
  observe(observation: Observation): void;
  render(): Promise<string>;
}

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const LANES: readonly LaneName[] = ['offer_events', 'usage_events'];

/**
 * Makes the metrics.
 * @param intake Whose lanes are asked at every scrape; none for `direct`.
 * @returns Undefined where prom-client is not installed.
 */
export const createMetrics = async (intake: Intake | undefined): Promise<Metrics | undefined> => {
  const client = await import('prom-client').catch(() => undefined);
  if (!client) return undefined;
  const registry: Registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new client.Counter({
    name: 'offersight_requests_total',
    help: 'Requests by status, and by the problem that was told',
    labelNames: ['status', 'code'],
    registers,
  });
  const requestSeconds = new client.Histogram({
    name: 'offersight_request_seconds',
    help: 'Time until a request was answered',
    buckets: SECONDS,
    registers,
  });
  const events = new client.Counter({
    name: 'offersight_events_total',
    help: 'Events by verdict',
    labelNames: ['verdict', 'code'],
    registers,
  });
  const calls = new client.Counter({
    name: 'offersight_calls_total',
    help: 'Calls of the upstream by what they came to',
    labelNames: ['destination', 'outcome'],
    registers,
  });
  const forwarded = new client.Counter({
    name: 'offersight_forwarded_events_total',
    help: 'Events by what a call of the upstream came to for them',
    labelNames: ['destination', 'type', 'outcome', 'code'],
    registers,
  });
  const callSeconds = new client.Histogram({
    name: 'offersight_call_seconds',
    help: 'Time that a call of the upstream took',
    labelNames: ['destination'],
    buckets: SECONDS,
    registers,
  });
  const gauge = (name: string, help: string) =>
    new client.Gauge({ name: `offersight_${name}`, help, labelNames: ['lane'], registers });
  const waiting = gauge('waiting', 'Events that are neither done nor dead');
  const oldest = gauge('oldest_waiting_seconds', 'How long the oldest of them has waited');
  const lastMinute = gauge('begun_last_minute', 'Events begun in the last 60 s, as the pace counts them');
  const paused = gauge('paused_seconds', 'How long the upstream wants no call');
  const alert = gauge('alert', '1 while an operator has something to do');
  const up = new client.Gauge({
    name: 'offersight_intake_up',
    help: '1 while the intake answers',
    registers,
  });
  const { now } = platformRuntime();
  const askLanes = async (of: Intake): Promise<void> => {
    for (const lane of LANES) {
      const at = now();
      const status = await laneOf(of, lane).status(at);
      waiting.set({ lane }, status.waiting);
      oldest.set({ lane }, status.oldestAt === undefined ? 0 : Math.max(0, at - status.oldestAt) / 1_000);
      lastMinute.set({ lane }, status.lastMinute);
      paused.set({ lane }, Math.max(0, (status.note.pausedUntil ?? 0) - at) / 1_000);
      alert.set({ lane }, status.note.alert === undefined ? 0 : 1);
    }
  };

  return {
    contentType: registry.contentType,
    observe(observation) {
      switch (observation.kind) {
        case 'request':
          requests.inc({ status: observation.status, code: observation.code ?? '' });
          requestSeconds.observe(observation.durationMs / 1_000);
          break;
        case 'verdict':
          events.inc({ verdict: observation.verdict, code: observation.code ?? '' }, observation.events);
          break;
        case 'call':
          calls.inc({ destination: observation.destination, outcome: observation.outcome });
          callSeconds.observe({ destination: observation.destination }, observation.durationMs / 1_000);
          break;
        case 'forwarded': {
          const { destination, type, outcome, code = '', events: count } = observation;
          forwarded.inc({ destination, type, outcome, code }, count);
          break;
        }
        default:
          observation satisfies never;
      }
    },
    async render() {
      if (intake) {
        const isUp = await askLanes(intake).then(
          () => true,
          () => false,
        );
        up.set(isUp ? 1 : 0);
        // Old figures would look like new ones.
        if (!isUp) for (const each of [waiting, oldest, lastMinute, paused, alert]) each.reset();
      }
      return registry.metrics();
    },
  };
};
