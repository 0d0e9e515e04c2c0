/** The mock of Chargebee’s API as `offersight dev` has it: its key, its settings, and an offer to begin with. */
import { OffersightError } from '../../errors.js';
import { platformRuntime } from '../../runtime.js';
import type { Call } from '../mock-api/calls.js';
import { startUpstream, type Upstream } from '../mock-api/server.js';

/** A running mock API. */
export interface MockApi {
  readonly upstream: Upstream;
  /** The only key that it takes. */
  readonly apiKey: string;
  /** Makes an offer as the API does; the answer as it came. */
  offer(body: string): Promise<{ readonly status: number; readonly body: string }>;
  /** As just started; the id of the offer that is there to begin with. */
  reset(): Promise<string>;
}

const API_KEY = 'test_offersight_dev';
const SAMPLE = JSON.stringify({ customer_id: 'somebody', custom: { placement: 'sample' } });

/**
 * Starts it.
 * @throws {OffersightError} `configuration` if its port is taken.
 */
export const startMockApi = async ({
  port = 4_401,
  anyId,
  onCall = () => undefined,
}: {
  readonly port?: number | undefined;
  readonly anyId: boolean;
  readonly onCall?: (call: Call) => void;
}): Promise<MockApi> => {
  const runtime = platformRuntime();
  // Nobody tries a page out within the calls of a plan.
  const limits = { per_minute: null };
  const offers = { known_only: !anyId };
  const upstream = await startUpstream({ apiKey: API_KEY, port, limits, offers, onCall }).catch(
    (cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
      throw new OffersightError(
        'configuration',
        `Port ${port} is taken. If offersight dev does not run already, choose another port for the mock API (--port, upstreamPort).`,
        cause,
      );
    },
  );
  const offer: MockApi['offer'] = async (body) => {
    const response = await runtime.fetch(`${upstream.url}/api/v2/personalized_offers`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${API_KEY}:`)}`, 'content-type': 'application/json' },
      body,
    });
    return { status: response.status, body: await response.text() };
  };
  return {
    upstream,
    apiKey: API_KEY,
    offer,
    async reset() {
      upstream.reset();
      const { personalized_offers: offers } = JSON.parse((await offer(SAMPLE)).body) as {
        readonly personalized_offers: readonly { readonly id: string }[];
      };
      return offers[0]?.id ?? '';
    },
  };
};
