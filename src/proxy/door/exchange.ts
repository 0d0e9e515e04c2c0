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

/** A whole reply. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Answers a request. Never rejects. */
export type Exchange = (incoming: Incoming, connection?: object) => Promise<Reply>;

/** Why a body cannot be read, and what to do: the host's mistake. */
export const bodyRead = (): OffersightError =>
  new OffersightError(
    'configuration',
    'Something has read the body of a request before the proxy, and left neither rawBody nor body on it: mount the proxy ahead ' +
      'of any body parser, or set rawBody to the bytes. Of a web request, give the proxy a clone() that nobody has read.',
  );

const exchanges = new WeakMap<object, Exchange>();

/** Lets servers ask a handler without web objects. */
export const setExchange = (handler: object, exchange: Exchange): void => {
  exchanges.set(handler, exchange);
};

/** How a handler can be asked without web objects, if it is a proxy's own. */
export const exchangeOf = (handler: object): Exchange | undefined => exchanges.get(handler);

/** A web request as the proxy needs it. */
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

/** A reply as a web response. */
export const toResponse = ({ status, headers, text }: Reply): Response =>
  new Response(text, { status, headers });
