/** What the proxy says of itself, and what Chargebee says of the key. */
import { isRestricted } from '../../../proxy/forward/restricted.js';
import type { Finding, Rule } from '../finding.js';
import type { KeySeen, OperatorSeen } from '../observed.js';
import { count, finding, headersOf, showAsked } from './wording.js';

/** Longer than any pause that ends by itself. */
const LONG_MS = 3_600_000;

const findUnanswered = ({ asked }: OperatorSeen) =>
  asked.kind === 'answered' && asked.status === 401
    ? finding('warning', 'admin-refused', {
        title: 'The proxy does not take the admin token, so it was not asked.',
        evidence: [showAsked(asked), headersOf(asked)],
        repair: 'Set OFFERSIGHT_ADMIN_TOKEN to the token that the proxy was started with.',
      })
    : finding('warning', 'admin-unanswered', {
        title: 'The proxy’s admin route does not answer, so it was not asked.',
        evidence: [showAsked(asked), asked.kind === 'answered' ? headersOf(asked) : undefined],
        repair:
          'Give --admin the address of the proxy’s listener for operators, such as http://127.0.0.1:8788/admin/, and start the proxy with an admin token.',
      });

const findAlerts = ({ lanes, door }: OperatorSeen): Finding[] => {
  const alerts = [
    ...lanes.flatMap(({ name, alert }) => (alert === undefined ? [] : [`${name}: ${alert}`])),
    ...door.alerts,
  ];
  const title = 'The proxy waits for you to do something.';
  const repair = 'Do what the alert says. See “What each alert means” in docs/operations.md.';
  return alerts.length ? [finding('error', 'proxy-alert', { title, evidence: alerts, repair })] : [];
};

const namesOf = (counts: Readonly<Record<string, number>>): string[] =>
  Object.entries(counts).map(([code, times]) => `${code}: ${times}`);

const findRejected = ({ door }: OperatorSeen): Finding[] => {
  const [refused, requests] = [namesOf(door.refused), namesOf(door.requests)];
  const repair = 'Look up each code in docs/troubleshooting.md. Single requests of robots need nothing.';
  return [
    ...(refused.length
      ? [
          finding('warning', 'proxy-refuses-events', {
            title: 'The proxy refused events of the last 7 days, so Chargebee never heard of them.',
            evidence: refused,
            repair,
          }),
        ]
      : []),
    ...(requests.length
      ? [
          finding('note', 'proxy-rejects-requests', {
            title: 'The proxy did not admit all requests of the last 7 days.',
            evidence: requests,
            repair,
          }),
        ]
      : []),
  ];
};

const findNotReady = ({ ready, url }: OperatorSeen): Finding[] => {
  const title = 'The proxy cannot take events: its intake fails, or it stops.';
  const evidence = [`GET ${new URL('/readyz', url).href} answered 503`];
  const repair = 'Read the proxy’s log for its alert: the disk, the file’s permissions, or Postgres.';
  return ready === 503 ? [finding('error', 'proxy-not-ready', { title, evidence, repair })] : [];
};

const findBehind = ({ lanes, at }: OperatorSeen): Finding[] => {
  const late = lanes.filter(
    ({ alert, oldestAt }) => alert === undefined && oldestAt !== undefined && at - oldestAt > LONG_MS,
  );
  const title = 'Events have waited for more than an hour, though nothing is broken.';
  const evidence = late.map(({ name, waiting }) => `${name}: ${waiting} waiting`);
  const repair = 'More come than the plan allows. See “Sizing by plan” in docs/operations.md.';
  return late.length ? [finding('warning', 'proxy-behind', { title, evidence, repair })] : [];
};

const findDeadLetters = ({ refused }: OperatorSeen): Finding[] => {
  const title = `Chargebee has refused ${count(refused, 'event')} of the last 30 days.`;
  const evidence = [`${count(refused, 'event')} refused by Chargebee`];
  const repair =
    'Look at offersight dead-letters list. Most often pages name the offer_id where the personalized offer’s id belongs.';
  return refused ? [finding('note', 'proxy-dead-letters', { title, evidence, repair })] : [];
};

/** What the proxy waits for. */
export const operatorStatus: Rule = {
  fine({ operator }) {
    const waiting = (operator?.lanes ?? []).reduce((sum, lane) => sum + lane.waiting, 0);
    return operator && `The proxy has no alert; ${count(waiting, 'event waits', 'events wait')}.`;
  },
  find({ operator }) {
    if (!operator) return [];
    if (!operator.lanes.length) return [findUnanswered(operator)];
    return [findAlerts, findNotReady, findRejected, findBehind, findDeadLetters].flatMap((find) =>
      find(operator),
    );
  },
};

const INFERRED = 'inferred from Chargebee’s documentation; no live site has confirmed it yet';

const say = ({ asked, code, errorCode, param, message }: KeySeen): (string | undefined)[] => [
  showAsked(asked, 'POST'),
  code === undefined ? undefined : `api_error_code: ${code}`,
  errorCode === undefined ? undefined : `error_code: ${errorCode}`,
  param === undefined ? undefined : `param: ${param}`,
  message === undefined ? undefined : `message: ${message}`,
  INFERRED,
];

/** A refusal that names what was left out has come past the key. */
const isAccepted = ({ asked, param, message = '' }: KeySeen): boolean =>
  asked.kind === 'answered' &&
  [400, 422].includes(asked.status) &&
  (param === 'type' || /\btype\b/.test(message));

/** Whether Chargebee takes the key. */
export const keyWorks: Rule = {
  fine: ({ key }) => (key ? `Chargebee takes the API key (${INFERRED}).` : undefined),
  find({ key }) {
    if (!key) return [];
    if (isRestricted(key.code, key.errorCode))
      return [
        finding('error', 'key-not-enabled', {
          title: 'Chargebee does not let this site use offer events.',
          evidence: say(key),
          repair:
            'Ask Chargebee’s support to enable offer events for this site. Until then the proxy keeps what pages send.',
        }),
      ];
    if (isAccepted(key)) return [];
    const status = key.asked.kind === 'answered' ? key.asked.status : 0;
    if (status === 401 || status === 403)
      return [
        finding('error', 'key-refused', {
          title: 'Chargebee does not take the API key, or the key may not report offer events.',
          evidence: say(key),
          repair:
            'Check the key, its permissions and the site. With 403, ask Chargebee’s support whether Growth is enabled.',
        }),
      ];
    if (status === 404)
      return [
        finding('error', 'key-site-unknown', {
          title: 'Chargebee knows no such site, or offer events are not enabled for it.',
          evidence: say(key),
          repair: 'Check --site. Otherwise ask Chargebee’s support to enable Growth for this site.',
        }),
      ];
    return [
      finding('warning', 'key-unclear', {
        title: 'Chargebee’s answer does not show whether the key works.',
        evidence: say(key),
        repair: 'Try again. If it stays so, look at the proxy’s own alerts in offersight status.',
      }),
    ];
  },
};
