/** Every metric of the proxy: its text for Prometheus, and for the reference. */

/** One metric. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Each label, and what it says. */
  readonly labels: Readonly<Record<string, string>>;
  /** One line as it is scraped. */
  readonly example: string;
}

const DESTINATION = '`offer_events` or `usage_events`';
const OUTCOME = '`done`, `refused`, `throttled`, `misconfigured`, `ambiguous`, `unavailable` or `crowded`';
const LANE = { lane: DESTINATION };

/** By what the code calls each. */
export const METRICS = {
  requests: {
    name: 'offersight_requests_total',
    type: 'counter',
    help: 'Requests by status, and by the problem that was answered',
    labels: { status: 'the HTTP status', code: 'the problem’s code; empty if the request was admitted' },
    example: 'offersight_requests_total{status="429",code="budget"} 12',
  },
  requestSeconds: {
    name: 'offersight_request_seconds',
    type: 'histogram',
    help: 'Time until a request was answered',
    labels: {},
    example: 'offersight_request_seconds_bucket{le="0.05"} 4711',
  },
  events: {
    name: 'offersight_events_total',
    type: 'counter',
    help: 'Events by type and verdict',
    labels: {
      type: '`viewed`, `dismissed`, or `accepted` if your own code reported it; empty if the event named no type that is known',
      verdict: '`accepted` is taken; `duplicate`, `deferred` or `refused`',
      code: 'why, unless they were taken',
    },
    example: 'offersight_events_total{type="viewed",verdict="accepted",code=""} 1595',
  },
  calls: {
    name: 'offersight_calls_total',
    type: 'counter',
    help: 'Calls of the upstream by what they came to',
    labels: { destination: DESTINATION, outcome: OUTCOME },
    example: 'offersight_calls_total{destination="offer_events",outcome="done"} 1580',
  },
  replayed: {
    name: 'offersight_replayed_calls_total',
    type: 'counter',
    help: 'Repeated calls that Chargebee knew by their idempotency key, so that nothing counted twice',
    labels: { destination: DESTINATION },
    example: 'offersight_replayed_calls_total{destination="offer_events"} 2',
  },
  forwarded: {
    name: 'offersight_forwarded_events_total',
    type: 'counter',
    help: 'Events by what a call of the upstream came to for them',
    labels: {
      destination: DESTINATION,
      type: '`viewed` or `dismissed`',
      outcome: `${OUTCOME}; \`done\` is delivered`,
      code: 'why they were refused, in the upstream’s own word',
    },
    example:
      'offersight_forwarded_events_total{destination="offer_events",type="viewed",outcome="refused",code="resource_not_found"} 3',
  },
  callSeconds: {
    name: 'offersight_call_seconds',
    type: 'histogram',
    help: 'Time that a call of the upstream took',
    labels: { destination: DESTINATION },
    example: 'offersight_call_seconds_sum{destination="offer_events"} 301.4',
  },
  waiting: {
    name: 'offersight_waiting',
    type: 'gauge',
    help: 'Events that are neither done nor dead',
    labels: LANE,
    example: 'offersight_waiting{lane="offer_events"} 15',
  },
  oldest: {
    name: 'offersight_oldest_waiting_seconds',
    type: 'gauge',
    help: 'How long the oldest of them has waited',
    labels: LANE,
    example: 'offersight_oldest_waiting_seconds{lane="offer_events"} 4.2',
  },
  lastMinute: {
    name: 'offersight_begun_last_minute',
    type: 'gauge',
    help: 'Events begun in the last 60 s, as the pace counts them',
    labels: LANE,
    example: 'offersight_begun_last_minute{lane="offer_events"} 87',
  },
  paused: {
    name: 'offersight_paused_seconds',
    type: 'gauge',
    help: 'How long the upstream wants no call',
    labels: LANE,
    example: 'offersight_paused_seconds{lane="offer_events"} 0',
  },
  alert: {
    name: 'offersight_alert',
    type: 'gauge',
    help: '1 while the condition of an alert lasts',
    labels: {
      lane: `${DESTINATION}; empty if the alert is of no lane`,
      code: 'the alert’s code in the [list of alerts](alerts.md); `other` for words of another release',
    },
    example: 'offersight_alert{lane="offer_events",code="badKey"} 1',
  },
  dead: {
    name: 'offersight_dead_letters',
    type: 'gauge',
    help: 'Dead letters that are remembered, by why they are dead',
    labels: {
      ...LANE,
      code: '`expired`, `viewed_dead`, `unknown_outcome`, `purged`, or why they were refused, in the upstream’s own word',
    },
    example: 'offersight_dead_letters{lane="offer_events",code="expired"} 12',
  },
  up: {
    name: 'offersight_intake_up',
    type: 'gauge',
    help: '1 while the intake answers within two seconds and takes events',
    labels: {},
    example: 'offersight_intake_up 1',
  },
} as const satisfies Readonly<Record<string, Metric>>;
