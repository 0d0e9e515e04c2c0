/**
 * A request and its reply as the proxy itself needs them. Web objects cost more than everything that the proxy does with
 * a small request, so a server that has no use for them does without.
 */
import { OffersightError } from '../../errors.js';

/** A request, from any server. */
export interface Incoming {
  readonly method: string;
  readonly headers: Pick<Headers, 'get' | 'has'>;
  /** The request for the host's hooks. They cannot read its body. */
  readonly request: Request;
  /**
   * Gives the body to `take` in chunks, until that returns false.
   * @returns Whether the sender stayed until then.
   * @throws {OffersightError} `configuration` if something else has read the body.
   */
  read(take: (chunk: Uint8Array) => boolean): Promise<boolean>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Answers a request. Never rejects. */
export type Exchange = (incoming: Incoming, connection?: object) => Promise<Reply>;

/** The host's mistake, and what to do about it. */
export const bodyRead = (): OffersightError =>
  new OffersightError(
    'configuration',
    'Something has read the body of a request before the proxy, and left neither rawBody nor body on it: mount the proxy ahead ' +
      'of any body parser, or set rawBody to the bytes. Of a web request, give the proxy a clone() that nobody has read.',
  );

/** By a proxy's own handler, how servers ask it without web objects. */
export const EXCHANGES = new WeakMap<object, Exchange>();

export const fromRequest = (request: Request): Incoming => ({
  method: request.method,
  headers: request.headers,
  request,
  async read(take) {
    if (request.bodyUsed || request.body?.locked) throw bodyRead();
    const reader = request.body?.getReader();
    try {
      let chunk = await reader?.read();
      // What is too much is left where it is, not cancelled: that would cut the connection before the answer is out.
      while (chunk?.value && take(chunk.value)) chunk = await reader?.read();
      return true;
    } catch {
      return false;
    }
  },
});

export const toResponse = ({ status, headers, text }: Reply): Response =>
  new Response(text, { status, headers });

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

/** Why a request is not admitted, and the reply that says so. */
export interface Rejection {
  readonly code: ProblemCode;
  readonly reply: Reply;
}

export const rejection = (code: ProblemCode, headers?: Readonly<Record<string, string>>): Rejection => ({
  code,
  reply: problemReply(code, headers),
});

export const problem = (...given: Parameters<typeof problemReply>): Response =>
  toResponse(problemReply(...given));
