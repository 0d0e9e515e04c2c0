/** Whether all requests to the endpoint are answered alike: also several at once, with events, and long ones. */
import type { Finding, Rule } from '../finding.js';
import { LONG_BYTES, problemOf } from '../http/endpoint.js';
import type { Answer, Asked, Observed } from '../observed.js';
import { blockingOf, isSameOrigin, isStored } from './endpoint.js';
import { isChallenge, isFirewall } from './endpoint-signs.js';
import { meaningOfProblem } from './proxy-problems.js';
import { finding, headersOf, showAsked, showEndpoint } from './wording.js';

const codeOf = (asked: Asked): string | undefined =>
  asked.kind === 'answered' ? problemOf(asked) : undefined;

/** Whether a request came through the proxy's door. */
const hasPassed = (asked: Asked): boolean => codeOf(asked) === 'batch';

/** Whether nothing of ours is where an answer comes from. A firewall may mean who asks a few times at once. */
const isUnmounted = (asked: Asked): asked is Answer =>
  asked.kind === 'answered' &&
  [200, 404, 405].includes(asked.status) &&
  !isChallenge(asked) &&
  problemOf(asked) === undefined &&
  !isFirewall(asked);

/** Whether a machine fails. Limits say 429, and nginx's by default 503. */
const isFailing = (asked: Asked): boolean =>
  asked.kind === 'answered' && asked.status >= 500 && asked.status !== 503 && problemOf(asked) === undefined;

const isChallenged = (asked: Asked): boolean => asked.kind === 'answered' && isChallenge(asked);

const isLimited = (asked: Asked): boolean =>
  asked.kind === 'answered' && [429, 503].includes(asked.status) && problemOf(asked) === undefined;

const BALANCER =
  'One of the machines behind a balancer, or one of several processes, is configured in another way.';

/** What may happen to some of several requests while the proxy answers others, worst first. */
const DIFFERENCES: readonly {
  readonly isSo: (asked: Asked) => boolean;
  readonly severity: 'error' | 'warning';
  readonly title: string;
  readonly repair: string;
}[] = [
  {
    isSo: isUnmounted,
    severity: 'error',
    title: 'Some requests reach the proxy, and others are answered by something else.',
    repair: `${BALANCER} Mount the proxy at the endpoint on each of them.`,
  },
  {
    isSo: isFailing,
    severity: 'error',
    title: 'Some requests reach the proxy, and others fail.',
    repair:
      'One of the machines behind a balancer, or one of several processes, does not run or cannot be reached. Look at the health checks of the balancer and at the log of the web server.',
  },
  {
    isSo: ({ kind }) => kind === 'failed',
    severity: 'warning',
    title: 'Some requests reach the proxy, and others get no answer.',
    repair:
      'Run the doctor again, in case this machine was busy. If it is so again, one of the machines behind a balancer, or one of several processes, does not answer.',
  },
  {
    isSo: isLimited,
    severity: 'warning',
    title:
      'Something before the proxy refuses some of several requests at once, as a limit of requests does.',
    repair:
      'Raise that limit for the endpoint. Visitors behind one address share it, and a page asks each time that an offer was seen or closed. If there is no limit, look why the web server answers so.',
  },
];

/** Requests that reach a proxy which refuses them, while another one takes them. */
const findRefusing = (observed: Observed, answers: readonly Asked[]): Finding[] => {
  const refused = answers.find((asked) => !hasPassed(asked) && codeOf(asked) !== undefined);
  if (!refused || !answers.some(hasPassed)) return [];
  const { title, repair } = meaningOfProblem(codeOf(refused) ?? '', observed);
  return [
    finding(codeOf(refused) === 'budget' ? 'warning' : 'error', 'endpoint-unsteady', {
      title: `Some requests are taken, and others are refused. ${title}`,
      evidence: showEndpoint(refused),
      repair: codeOf(refused) === 'budget' ? repair : `${BALANCER} ${repair}`,
    }),
  ];
};

/** Whether all requests reach the same. */
export const endpointSteady: Rule = {
  find(observed) {
    const { repeated, endpoint } = observed;
    // A request that the page itself sends elsewhere is another finding's.
    const isOwn = endpoint.by === 'page' && endpoint.asked.url === endpoint.url;
    const answers = [...repeated, ...(isOwn ? [endpoint.asked] : [])];
    const isReached = answers.some((asked) => codeOf(asked) !== undefined);
    if (!isReached || !isSameOrigin(observed) || blockingOf(observed)) return [];
    for (const { isSo, ...said } of DIFFERENCES) {
      // What else becomes of the page's own request may be the page's own fault.
      const others = answers.filter(
        (asked) => isSo(asked) && (asked !== endpoint.asked || isUnmounted(asked)),
      );
      const [other] = others;
      if (!other) continue;
      const evidence = [
        `${others.length} of ${answers.length} requests were not answered by the proxy`,
        ...showEndpoint(other),
      ];
      return [finding(said.severity, 'endpoint-unsteady', { ...said, evidence })];
    }
    return findRefusing(observed, repeated);
  },
};

/** Whether the proxy is reached as it should be, so that the rest can be compared with that. */
const isFine = (observed: Observed): boolean =>
  hasPassed(observed.endpoint.asked) && isSameOrigin(observed) && !endpointSteady.find(observed).length;

/**
 * Whether an answer to a batch with events is like the one to a batch without. Limits are for who asks often.
 */
const isAlike = (asked: Asked): boolean =>
  ['batch', 'budget'].includes(codeOf(asked) ?? '') || isLimited(asked) || isChallenged(asked);

/** Whether it may have another reason: a machine that fails, or a guard against those who ask often. */
const isDoubtful = (asked: Asked): boolean =>
  asked.kind === 'failed' || asked.status >= 500 || asked.status === 403;

/** Whether events arrive as well. What checks bodies lets one without events through. */
export const endpointTakesEvents: Rule = {
  find(observed) {
    const { full } = observed;
    if (!full || !isFine(observed) || isAlike(full)) return [];
    return [
      finding(isDoubtful(full) ? 'warning' : 'error', 'endpoint-events-refused', {
        title: 'A batch without events reaches the proxy, and one with events does not.',
        evidence: ['the batch had a viewed and a dismissed event', ...showEndpoint(full)],
        repair:
          'Look what checks or changes bodies before the proxy: a firewall, a gateway with a schema of its own, a function that parses and writes them again. Let it pass them on as they are. Later releases may add fields.',
      }),
    ];
  },
};

/** Whether long bodies arrive as well: a page sends many events in one, and up to 64 KiB as it is left. */
export const endpointLong: Rule = {
  find(observed) {
    const { long } = observed;
    if (!long || !isFine(observed) || isAlike(long) || endpointTakesEvents.find(observed).length) return [];
    return [
      finding(long.kind === 'failed' ? 'warning' : 'error', 'endpoint-body-limit', {
        title: 'Short requests reach the proxy, and a long one does not.',
        evidence: [
          `the body had more than ${LONG_BYTES.toLocaleString('en-US')} bytes`,
          ...showEndpoint(long),
        ],
        repair:
          'Allow bodies of 500,000 bytes at the endpoint (nginx: client_max_body_size, in a firewall the size of bodies that it inspects). Many events go in one request, and up to 64 KB as a page is left.',
      }),
    ];
  },
};

/** An endpoint that takes longer has most pages left before its answer. */
const SLOW_MS = 3_000;

/** Whether answers come soon. The fastest one counts, since the doctor's machine may be busy. */
export const endpointPace: Rule = {
  find(observed) {
    const times = observed.repeated.flatMap((asked) =>
      asked.kind === 'answered' && hasPassed(asked) ? (asked.ms ?? []) : [],
    );
    const fastest = Math.min(...times);
    if (!times.length || fastest < SLOW_MS || !isFine(observed)) return [];
    return [
      finding('warning', 'endpoint-slow', {
        title: 'The endpoint answers slowly.',
        evidence: [
          `the fastest of ${times.length} answers took ${(fastest / 1000).toFixed(1)} s`,
          headersOf(observed.endpoint.asked.kind === 'answered' ? observed.endpoint.asked : { headers: {} }),
        ],
        repair:
          'The tracker waits 12 s and then asks again. Look what holds the request: a function that starts slowly, a machine before the proxy, or the database of the intake.',
      }),
    ];
  },
};

/** Clocks that differ by less make no difference to an offer. */
const CLOCK_MS = 5 * 60_000;

/** Whether the clock of the server is right, by which offers end. A stored answer has an old date. */
export const endpointClock: Rule = {
  find(observed) {
    const { endpoint, at } = observed;
    const { asked } = endpoint;
    if (asked.kind === 'failed' || !isFine(observed) || isStored(asked.headers)) return [];
    const ahead = Date.parse(asked.headers.date ?? '') - at;
    if (!(Math.abs(ahead) > CLOCK_MS)) return [];
    return [
      finding('warning', 'endpoint-clock', {
        title: 'The clock of the server at the endpoint differs from this machine’s.',
        evidence: [
          `${showAsked(asked, 'POST')} at ${asked.headers.date}`,
          `this machine’s clock said ${new Date(at).toISOString()} then`,
        ],
        repair:
          'Set the clock that is wrong, best by NTP. By the server’s clock offers end and signed offers are valid, so a wrong one refuses events.',
      }),
    ];
  },
};
