/** What the endpoint's answer to a batch without events means. Only the proxy refuses it with the code `batch`. */
import type { Finding } from '../finding.js';
import { problemOf } from '../http/endpoint.js';
import type { Answer, Observed } from '../observed.js';
import { isChallenge } from './endpoint-signs.js';
import { type Meaning, meaningOfProblem } from './proxy-problems.js';
import { finding, showEndpoint } from './wording.js';

/** Findings for answers that are not the proxy's, by their status. */
const STATUSES: Readonly<Record<number, Meaning>> = {
  401: {
    id: 'endpoint-not-proxy',
    title: 'A login stands before the endpoint.',
    repair:
      'Let the endpoint through without a login: browsers send events without credentials of their own.',
  },
  403: {
    id: 'endpoint-forbidden',
    title:
      'Something before the proxy forbids the request, such as a firewall, a check of forms, or a CDN that passes only some methods on.',
    repair: 'Allow POST of application/json to the endpoint there, without a challenge and without a token.',
  },
  404: {
    id: 'endpoint-not-found',
    title: 'Nothing is mounted at the endpoint.',
    repair:
      'Mount the proxy at this path, or route the path to it. If it is mounted elsewhere, name that path in data-endpoint (from npm: endpoint). A page under offersight dev has its proxy at the address that dev printed.',
  },
  405: {
    id: 'endpoint-method-not-allowed',
    title: 'The server at the endpoint takes no POST: it is a static host, a file, or a route only for GET.',
    repair: 'Route the path to the proxy, for POST as well. In Next, export POST from the route.',
  },
  413: {
    id: 'endpoint-not-proxy',
    title: 'Something before the proxy takes no bodies, or only small ones.',
    repair: 'Allow bodies of 500,000 bytes there.',
  },
  415: {
    id: 'endpoint-not-proxy',
    title: 'Something before the proxy takes no JSON.',
    repair: 'Route the path to the proxy, ahead of what reads bodies.',
  },
  419: {
    id: 'endpoint-forbidden',
    title: 'The framework asks for its form token (CSRF), which events do not have.',
    repair: 'Exempt the endpoint from that check. The proxy itself takes only requests of your own pages.',
  },
  429: {
    id: 'endpoint-not-proxy',
    title: 'Something before the proxy limits how often it is asked.',
    repair: 'Raise that limit for the endpoint: a page asks each time that an offer was seen or closed.',
  },
};

const ROUTE_REPAIR = 'Route the endpoint to the proxy ahead of it.';

/** The request did not go where the page's tracker sends it. */
const MOVED: Meaning = {
  id: 'endpoint-request-changed',
  title: 'Something in the page sends the request elsewhere: a script has replaced fetch.',
  repair:
    'Let what wraps window.fetch, such as an API client or a mock, pass requests to the endpoint on as they are.',
};

/** Where somebody is led who has to say who they are. */
const LOGIN = /log-?in|sign-?in|auth|sso|account/i;

const isRedirect = (status: number): boolean => status >= 300 && status < 400;

/** Meanings, each with the answers that it fits; the first one that fits counts. */
type Table = readonly (readonly [fits: (answer: Answer) => boolean, meaning: Meaning])[];

/** Findings for answers that are not the proxy's and whose status is ambiguous, by what else they say. */
const SIGNS: Table = [
  [
    isChallenge,
    {
      ...{ id: 'endpoint-forbidden', severity: 'warning' },
      title:
        'A firewall challenges the request, as it does with browsers that scripts drive. Visitors may get through.',
      repair:
        'Add a rule that passes POSTs to the endpoint without a challenge: no code of a page can solve one there.',
    },
  ],
  [
    ({ text }) => text.includes('urn:offersight:problem:'),
    {
      id: 'endpoint-not-proxy',
      title: 'Something wraps the proxy’s answers into answers of its own.',
      repair: 'Pass the proxy’s answers on as they are, with their status, headers and body.',
    },
  ],
];

/** Findings for all other answers. */
const OTHERS: Table = [
  [
    ({ status, headers }) => isRedirect(status) && LOGIN.test(headers.location ?? ''),
    {
      id: 'endpoint-redirected',
      title: 'The endpoint redirects to a login.',
      repair:
        'Exempt the endpoint from what asks for a login. In Next, leave its path out of the middleware’s matcher.',
    },
  ],
  [
    ({ status }) => isRedirect(status),
    {
      id: 'endpoint-redirected',
      title: 'The endpoint redirects, and the tracker follows no redirect.',
      repair:
        'Exclude the endpoint from the redirect. Often it is one to a language’s path, to www, to https or to a path with or without a slash. If the proxy answers at the other path, name that in data-endpoint.',
    },
  ],
  [
    ({ status }) => status >= 500,
    {
      id: 'endpoint-gateway',
      title: 'The web server before the proxy does not reach it, or fails itself.',
      repair: 'Check that the proxy runs, and the address and port that the endpoint is forwarded to.',
    },
  ],
  [
    ({ status }) => status >= 400,
    {
      id: 'endpoint-not-proxy',
      title: 'Something else refuses the request, or replaces the proxy’s answer by a page of its own.',
      repair:
        'Pass the proxy’s answers on as they are (nginx: proxy_intercept_errors off), and route the endpoint to the proxy.',
    },
  ],
  [
    ({ status, headers }) => status < 300 && /json/i.test(headers['content-type'] ?? ''),
    {
      id: 'endpoint-not-proxy',
      title: 'Something takes the events in the proxy’s place, and answers by itself.',
      repair: `${ROUTE_REPAIR} A gateway, a queue or a mock has to pass the proxy’s answer on, since it says what became of each event.`,
    },
  ],
  [
    ({ text }) => text === '',
    {
      id: 'endpoint-not-proxy',
      title: 'Something takes the events in the proxy’s place, and answers nothing.',
      repair: ROUTE_REPAIR,
    },
  ],
];

const A_PAGE: Meaning = {
  id: 'endpoint-not-proxy',
  title: 'A page answers in the proxy’s place: a catch-all route, a login or a stored page.',
  repair: ROUTE_REPAIR,
};

const meaningOf = (asked: Answer): Meaning => {
  const inTable = (table: Table): Meaning | undefined => table.find(([fits]) => fits(asked))?.[1];
  return inTable(SIGNS) ?? STATUSES[asked.status] ?? inTable(OTHERS) ?? A_PAGE;
};

/** What is wrong with an answer; nothing if it is the proxy's, and the request came through its door. */
export const findAnswer = (asked: Answer, observed: Observed): Finding[] => {
  const code = problemOf(asked);
  if (code === 'batch') return [];
  const isMoved = observed.endpoint.by === 'page' && asked.url !== observed.endpoint.url;
  if (isMoved) {
    const { id, title, repair } = MOVED;
    const evidence = [`the endpoint is ${observed.endpoint.url}`, ...showEndpoint(asked)];
    return [finding('error', id, { title, evidence, repair })];
  }
  const {
    id,
    title,
    repair,
    severity = 'error',
  } = code === undefined ? meaningOf(asked) : meaningOfProblem(code, observed);
  return [finding(severity, id, { title, evidence: showEndpoint(asked), repair })];
};
