/** Whether the endpoint is reached: its origin, the page's policy, the network. What it answers is another room's. */
import type { Finding, Rule } from '../finding.js';
import { problemOf } from '../http/endpoint.js';
import { isBlockedBy } from '../http/policy.js';
import type { Observed } from '../observed.js';
import { findAnswer } from './endpoint-answer.js';
import { finding, headersOf, showAsked, showPolicy } from './wording.js';

const NAMED = {
  option: '--endpoint names it',
  page: 'the page names it',
  default: 'nothing names it, so it is the default',
} as const;

/** Whether it is of the page's own origin. */
export const isSameOrigin = ({ endpoint, page }: Pick<Observed, 'endpoint' | 'page'>): boolean =>
  new URL(endpoint.url).origin === new URL(page.url).origin;

const findOrigin = ({ endpoint, page, browser }: Observed): Finding[] => [
  finding('error', 'endpoint-other-origin', {
    title: 'The endpoint is on another origin than the page, so the tracker does nothing.',
    evidence: [
      `the page is on ${new URL(page.url).origin}`,
      `the endpoint is ${endpoint.url}; ${NAMED[endpoint.namedBy]}`,
      ...(browser?.console ?? []).filter((line) => line.includes('OffersightError')),
    ],
    repair:
      'Forward a path of the page’s own origin, such as /offer-events, to the proxy, and name that path in data-endpoint. http and https, and a name with and without www, are different origins.',
  }),
];

/** What of the page's policy is in the way; undefined if nothing is. */
const blockingOf = ({ browser, policies, endpoint, page }: Observed): string[] | undefined => {
  const seen = (browser?.violations ?? []).filter(
    ({ directive, blocked }) => directive === 'connect-src' && blocked === endpoint.url,
  );
  const wanted = { directive: 'connect-src', url: endpoint.url, page: page.url } as const;
  const blocking = policies.filter((policy) => isBlockedBy(policy, wanted));
  if (browser ? !seen.length : !blocking.length) return undefined;
  return [
    ...seen.map(({ directive, blocked }) => `the browser blocked ${blocked} by ${directive}`),
    ...(blocking.length ? blocking : policies).map(showPolicy),
  ];
};

/** What the doctor's own time-out says. */
const LATE = /no answer in time/;

const UNREACHABLE = {
  title: 'The endpoint gave no answer.',
  repair:
    'Check the name, the certificate, what stands before the proxy, and the log of the server: a request that it did not answer may have failed there. A body parser before the proxy may have taken its body. If other requests of the page work, an extension or a script of the page that replaces fetch may be in the way.',
};

const TOO_LATE = {
  title: 'The endpoint gave no answer in the doctor’s time.',
  repair:
    'The tracker waits 12 s and then asks again, so events wait and what a page sends in leaving gets no verdict. Look what holds the request: a body parser that has taken its body, a function that starts slowly, a database of the intake that does not answer. --max-seconds 90 lets the doctor wait for longer.',
};

const findUnanswered = ({ endpoint, browser }: Observed): Finding[] => {
  const { asked, by } = endpoint;
  const reason = asked.kind === 'failed' ? asked.reason : '';
  const isLate = LATE.test(reason);
  const evidence = [
    `${by === 'page' ? 'from the page: ' : ''}${showAsked(asked, 'POST')}`,
    ...(browser?.console ?? []),
  ];
  return [
    finding('error', isLate ? 'endpoint-slow' : 'endpoint-unreachable', {
      ...(isLate ? TOO_LATE : UNREACHABLE),
      evidence,
    }),
  ];
};

/** Whether the page reaches the endpoint, and whether the proxy answers there. */
export const endpointAnswers: Rule = {
  fine: ({ endpoint }) =>
    `The proxy answers at ${endpoint.url}, asked by ${endpoint.by === 'page' ? 'the page itself' : 'the doctor, with the headers of a page'}.`,
  find(observed) {
    if (!isSameOrigin(observed)) return findOrigin(observed);
    const blocking = blockingOf(observed);
    if (blocking)
      return [
        finding('error', 'endpoint-blocked-by-policy', {
          title: 'The page’s Content-Security-Policy blocks the endpoint.',
          evidence: blocking,
          repair: "Add 'self' to connect-src. See docs/recipes/policies.md.",
        }),
      ];
    const { asked } = observed.endpoint;
    return asked.kind === 'failed' ? findUnanswered(observed) : findAnswer(asked, observed);
  },
};

/** Whether an answer came out of a store. */
export const isStored = (headers: Readonly<Record<string, string>>): boolean =>
  Number(headers.age ?? 0) > 0 ||
  /\bhit\b/i.test(`${headers['x-cache']} ${headers['cf-cache-status']} ${headers['x-cache-status']}`);

/** Whether a cache or a CDN treats the endpoint as a page. */
export const endpointCached: Rule = {
  fine: ({ endpoint: { asked } }) =>
    asked.kind === 'answered' && problemOf(asked) !== undefined
      ? 'Nothing stores the endpoint’s answers.'
      : undefined,
  find(observed) {
    const { asked } = observed.endpoint;
    if (asked.kind === 'failed' || !isSameOrigin(observed)) return [];
    const isProxy = problemOf(asked) !== undefined;
    const isStripped = isProxy && !/no-store/i.test(asked.headers['cache-control'] ?? '');
    if (!isStored(asked.headers) && !isStripped) return [];
    const shown = ['age', 'x-cache', 'cf-cache-status', 'x-cache-status', 'cache-control', 'via', 'server'];
    return [
      finding(isStored(asked.headers) ? 'error' : 'warning', 'endpoint-cached', {
        title: isStored(asked.headers)
          ? 'A cache answers in the place of the endpoint.'
          : 'Something replaces the headers of the proxy’s answers, so a cache may keep them.',
        evidence: [
          showAsked(asked, 'POST'),
          headersOf(asked, shown),
          isStripped ? 'the proxy sends cache-control: no-store; it is missing' : undefined,
        ],
        repair: 'Exclude the endpoint from the cache, and pass its headers on as they are.',
      }),
    ];
  },
};
