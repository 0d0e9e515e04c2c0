/** Requests that none of our pages makes. Each fails one check of the proxy, and nothing of it may be forwarded. */

/** One such request, with events of these ids in it. */
export interface Probe {
  readonly check: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: (ids: readonly string[]) => string;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const OURS = { ...JSON_TYPE, 'sec-fetch-site': 'same-origin' };

const events = (ids: readonly string[], fields: object = {}): object[] =>
  ids.map((id) => ({ id, type: 'viewed', personalized_offer_id: 'offer-x', occurred_at: 1, ...fields }));
const batch = (of: unknown, fields: object = {}): string =>
  JSON.stringify({ v: 1, sent_at: 1, events: of, ...fields });

/** All of them. */
export const PROBES: readonly Probe[] = [
  {
    check: 'origin',
    headers: { ...JSON_TYPE, 'sec-fetch-site': 'cross-site' },
    body: (ids) => batch(events(ids)),
  },
  { check: 'origin unknown', headers: JSON_TYPE, body: (ids) => batch(events(ids)) },
  {
    check: 'navigation',
    headers: { ...OURS, 'sec-fetch-mode': 'navigate' },
    body: (ids) => batch(events(ids)),
  },
  { check: 'type', headers: { ...OURS, 'content-type': 'text/plain' }, body: (ids) => batch(events(ids)) },
  { check: 'encoding', headers: { ...OURS, 'content-encoding': 'gzip' }, body: (ids) => batch(events(ids)) },
  { check: 'json', headers: OURS, body: (ids) => `${batch(events(ids))}x` },
  { check: 'version', headers: OURS, body: (ids) => batch(events(ids), { v: 2 }) },
  { check: 'no version', headers: OURS, body: (ids) => batch(events(ids), { v: undefined }) },
  { check: 'subject', headers: OURS, body: (ids) => batch(events(ids, { subject: 'a b' })) },
  { check: 'type of event', headers: OURS, body: (ids) => batch(events(ids, { type: 'clicked' })) },
  { check: 'offer', headers: OURS, body: (ids) => batch(events(ids, { personalized_offer_id: '../x' })) },
  { check: 'time', headers: OURS, body: (ids) => batch(events(ids, { occurred_at: 'now' })) },
  {
    check: 'id twice',
    headers: OURS,
    body: (ids) => batch([...events(ids), ...events(ids, { occurred_at: 2 })]),
  },
];
