/** An endpoint for tests of whole pages: it answers as the proxy does, and keeps what was reported. */
import { WIRE_VERSION, type WireReply } from '../protocol/batch.js';
import { type DecodedEvent, decodeRequest } from '../protocol/decode.js';

/** What {@link createFakeEndpoint} makes. */
export interface FakeEndpoint {
  /** What was reported, each event once, in the order in which it came. */
  readonly events: readonly DecodedEvent[];
  /**
   * Answers one request's body: the JSON to reply with, status 200, or nothing where the proxy would refuse the
   * request with 400. Fits Playwright: `route.fulfill({ json: endpoint.reply(route.request().postData()) })`.
   */
  reply(body: string | null): WireReply | undefined;
  /** The same for tools that use Request and Response, such as MSW: `({ request }) => endpoint.handle(request)`. */
  handle(request: Request): Promise<Response>;
  /** Forgets what was reported. */
  clear(): void;
}

/** Makes an endpoint that takes every event that the proxy could take. It keeps nothing from being reported twice. */
export const createFakeEndpoint = (): FakeEndpoint => {
  const known = new Map<string, DecodedEvent>();

  const reply = (body: string | null): WireReply | undefined => {
    const request = decodeRequest(body ?? '');
    if (request.kind !== 'request') return undefined;
    const results = request.items.map((item) => {
      const { id } = item;
      if (!('event' in item)) return { id, status: 'refused', code: 'invalid_event' } as const;
      if (known.has(id)) return { id, status: 'duplicate' } as const;
      known.set(id, item.event);
      return { id, status: 'accepted' } as const;
    });
    return { v: WIRE_VERSION, results };
  };

  return {
    get events() {
      return [...known.values()];
    },
    reply,
    async handle(request) {
      const answer = reply(await request.text());
      return answer ? Response.json(answer) : new Response(null, { status: 400 });
    },
    clear: () => known.clear(),
  };
};
