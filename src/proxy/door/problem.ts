/** Problem bodies (RFC 9457): one table of codes. Constants all through: a page's request is never echoed. */
import { type Reply, toResponse } from './exchange.js';

/** What is wrong with a request as a whole. */
export type ProblemCode = keyof typeof PROBLEMS;

const PROBLEMS = {
  token: {
    status: 401,
    title: 'The bearer token is wrong, or this host is not one of the operator’s page.',
  },
  tokens: { status: 429, title: 'Too many wrong tokens come from here.' },
  query: { status: 400, title: 'A parameter cannot be read.' },
  request: { status: 400, title: 'The request cannot be carried out.' },
  path: { status: 404, title: 'There is nothing here.' },
  headers: { status: 400, title: 'The headers contradict each other.' },
  many: { status: 431, title: 'There are too many headers.' },
  method: { status: 405, title: 'Only POST is taken here.' },
  origin: {
    status: 403,
    title: 'The request does not come from a page of this site, or its browser does not say so.',
  },
  inspect: { status: 403, title: 'This link does not open the inspector here, or not any more.' },
  type: { status: 415, title: 'The body must be uncompressed application/json.' },
  size: { status: 413, title: 'The body is larger than 500,000 bytes.' },
  json: { status: 400, title: 'The body is not a JSON object in UTF-8.' },
  batch: { status: 400, title: 'The body needs sent_at and 1 to 500 events with distinct UUIDs.' },
  unsupported: { status: 400, title: 'This version is unknown here.' },
  incomplete: { status: 400, title: 'The body broke off.' },
  late: { status: 408, title: 'The request took too long to arrive.' },
  budget: { status: 429, title: 'Too many events come from here.' },
  unavailable: { status: 503, title: 'Events cannot be taken at the moment.' },
} as const;

/** Headers of every reply: nobody may store it or guess another type for it. */
export const REPLY_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * The reply to a request that is not admitted.
 * @param headers What the status asks for, such as `Allow` or `Retry-After`.
 * @param detail What the title leaves open: also a constant, except that operators are shown what is wrong in their own report.
 */
export const problemReply = (
  code: ProblemCode,
  headers: Readonly<Record<string, string>> = {},
  detail?: string,
): Reply => {
  const { status, title } = PROBLEMS[code];
  return {
    status,
    headers: { ...REPLY_HEADERS, 'content-type': 'application/problem+json', ...headers },
    text: JSON.stringify({ type: `urn:offersight:problem:${code}`, title, detail, status, code }),
  };
};

/** The same as a web response. */
export const problem = (...given: Parameters<typeof problemReply>): Response =>
  toResponse(problemReply(...given));
