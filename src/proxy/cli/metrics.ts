/** What Prometheus scrapes: figures of requests, verdicts and calls, and how each lane stands. */
import type { Registry } from 'prom-client';
import { platformRuntime, type Runtime } from '../../runtime.js';
import { AGAIN_MS } from '../alerts/alert.js';
import type { Observation } from '../alerts/observation.js';
import { ALERT_CODES, ALERTS, type AlertCode } from '../alerts/table.js';
import type { Intake, LaneNote } from '../intake/intake.js';
import { readLanes } from '../operator/listing.js';
import { inTime } from '../patience.js';
import { METRICS, type Metric } from './metric-names.js';

/** Counts observations and renders them. */
export interface Metrics {
  readonly contentType: string;
  observe(observation: Observation): void;
  /**
   * From now on the lanes of this intake are asked at every scrape.
   * @param isTaking Whether it takes events: one that cannot be written may still be read.
   */
  watch(intake: Intake, isTaking: () => Promise<boolean>): void;
  render(): Promise<string>;
}

/** A locked file or a frozen server may need longer. Prometheus gives up after ten seconds, and then sees no site. */
const PATIENCE_MS = 2_000;
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
/** Types of events that pages send. */
const TYPES = ['viewed', 'dismissed'];
const NOTED: readonly string[] = [...ALERT_CODES.filter((code) => ALERTS[code].isNoted), 'other'];

type Lanes = Awaited<ReturnType<typeof readLanes>>;

/** Which alerts a lane's note has, by code: 0 or 1. */
const notedOf = ({ alert, alertCode = '' }: LaneNote): ReadonlyMap<string, number> => {
  const noted = NOTED.includes(alertCode) ? alertCode : 'other';
  return new Map(NOTED.map((code) => [code, alert !== undefined && code === noted ? 1 : 0]));
};

/** An intake, and whether it takes events. */
interface Watched {
  readonly intake: Intake;
  readonly isTaking: () => Promise<boolean>;
}

/**
 * Makes the metrics.
 * @returns Undefined if prom-client is not installed.
 */
export const createMetrics = async (
  runtime: Pick<Runtime, 'now' | 'elapsed' | 'after'> = platformRuntime(),
): Promise<Metrics | undefined> => {
  const client = await import('prom-client').catch(() => undefined);
  if (!client) return undefined;
  const { now, elapsed } = runtime;
  const registry: Registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const configurationOf = <Label extends string>({
    name,
    help,
    labels,
  }: Pick<Metric, 'name' | 'help'> & { readonly labels: Readonly<Record<Label, string>> }) => ({
    ...{ name, help, registers },
    labelNames: Object.keys(labels) as Label[],
  });
  const requests = new client.Counter(configurationOf(METRICS.requests));
  const requestSeconds = new client.Histogram({
    ...configurationOf(METRICS.requestSeconds),
    buckets: SECONDS,
  });
  const events = new client.Counter(configurationOf(METRICS.events));
  const calls = new client.Counter(configurationOf(METRICS.calls));
  const replayed = new client.Counter(configurationOf(METRICS.replayed));
  const forwarded = new client.Counter(configurationOf(METRICS.forwarded));
  const callSeconds = new client.Histogram({ ...configurationOf(METRICS.callSeconds), buckets: SECONDS });
  const waiting = new client.Gauge(configurationOf(METRICS.waiting));
  const oldest = new client.Gauge(configurationOf(METRICS.oldest));
  const lastMinute = new client.Gauge(configurationOf(METRICS.lastMinute));
  const paused = new client.Gauge(configurationOf(METRICS.paused));
  const alert = new client.Gauge(configurationOf(METRICS.alert));
  const dead = new client.Gauge(configurationOf(METRICS.dead));
  const up = new client.Gauge(configurationOf(METRICS.up));
  let watched: Watched | undefined;
  /** When the condition of each alert was last seen. */
  const seen = new Map<AlertCode, number>();
  /** The codes of dead letters that there were at some time, so that one of which none is left is 0. */
  const deadCodes = new Set<string>();

  let asked: Promise<Lanes> | undefined;

  /** Asks how the lanes stand. A question that was not answered in time is not asked again beside itself. */
  const askLanes = (intake: Intake): Promise<Lanes> => {
    asked ??= readLanes(intake, now()).finally(() => {
      asked = undefined;
    });
    return inTime(runtime, PATIENCE_MS, asked);
  };

  const show = (lanes: Lanes): void => {
    const at = now();
    for (const [name, status] of Object.entries(lanes)) {
      const lane = { lane: name };
      waiting.set(lane, status.waiting);
      oldest.set(lane, status.oldestAt === undefined ? 0 : Math.max(0, at - status.oldestAt) / 1_000);
      lastMinute.set(lane, status.lastMinute);
      paused.set(lane, Math.max(0, (status.note.pausedUntil ?? 0) - at) / 1_000);
      for (const [code, isOn] of notedOf(status.note)) alert.set({ ...lane, code }, isOn);
      const { dead: letters } = status;
      for (const code of Object.keys(letters)) deadCodes.add(code);
      for (const code of deadCodes) {
        // Chargebee's code may be the name of something that every object has.
        dead.set({ ...lane, code }, Object.hasOwn(letters, code) ? (letters[code] ?? 0) : 0);
      }
    }
  };

  /** An alert of no lane is over when its condition was not seen for as long as its message is not repeated. */
  const tellSeen = (): void => {
    const since = elapsed() - AGAIN_MS;
    for (const code of ALERT_CODES) {
      if (ALERTS[code].isNoted && watched) continue;
      alert.set({ lane: '', code }, (seen.get(code) ?? -Infinity) > since ? 1 : 0);
    }
  };

  const ask = async ({ intake, isTaking }: Watched): Promise<void> => {
    const [lanes, takes] = await Promise.all([askLanes(intake).catch(() => undefined), isTaking()]);
    up.set(lanes && takes ? 1 : 0);
    if (lanes) {
      show(lanes);
      return;
    }
    // Old figures would look like new ones.
    for (const name of ['offer_events', 'usage_events']) {
      const lane = { lane: name };
      for (const each of [waiting, oldest, lastMinute, paused]) each.remove(lane);
      for (const code of NOTED) alert.remove({ ...lane, code });
      for (const code of deadCodes) dead.remove({ ...lane, code });
    }
  };

  // Chargebee takes a key only with an offer event.
  replayed.inc({ destination: 'offer_events' }, 0);
  for (const type of TYPES) events.inc({ type, verdict: 'accepted', code: '' }, 0);

  return {
    contentType: registry.contentType,
    watch(intake, isTaking) {
      watched = { intake, isTaking };
    },
    observe(observation) {
      switch (observation.kind) {
        case 'request':
          requests.inc({ status: observation.status, code: observation.code ?? '' });
          requestSeconds.observe(observation.durationMs / 1_000);
          break;
        case 'verdict': {
          const { verdict, code = '', type = '' } = observation;
          events.inc({ type, verdict, code }, observation.events);
          break;
        }
        case 'call': {
          const { destination, outcome, isReplay, durationMs } = observation;
          calls.inc({ destination, outcome });
          if (isReplay) replayed.inc({ destination });
          callSeconds.observe({ destination }, durationMs / 1_000);
          break;
        }
        case 'forwarded': {
          const { destination, type, outcome, code = '', events: count } = observation;
          forwarded.inc({ destination, type, outcome, code }, count);
          break;
        }
        case 'alert':
          seen.set(observation.code, elapsed());
          break;
        default:
          observation satisfies never;
      }
    },
    async render() {
      if (watched) await ask(watched);
      tellSeen();
      return registry.metrics();
    },
  };
};
