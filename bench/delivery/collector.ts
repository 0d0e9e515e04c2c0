/**
 * A plain collector, like the usual endpoints. It takes a batch, calls the upstream once for each event, without an
 * idempotency key or a memory of ids, and answers when all calls are done. The baselines post to it.
 */
import type { NodeListener } from 'offersight/proxy/node';
import type { WireReply, WireRequest } from '../../src/protocol/batch.js';

/** Makes one. */
export const createCollector =
  (upstream: string, apiKey: string): NodeListener =>
  async (request, response) => {
    let text = '';
    for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
    // If a page goes away in the middle of its request, nothing is taken.
    if (!request.complete) return;
    const { events } = JSON.parse(text) as WireRequest;
    for (const { type, personalized_offer_id } of events) {
      const { ok } = await fetch(`${upstream}/api/v2/offer_events`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`,
          'content-type': 'application/json;charset=UTF-8',
        },
        body: JSON.stringify({ type, personalized_offer_id }),
      });
      if (!ok) throw new Error('the mock API refused an event of the collector');
    }
    const reply: WireReply = { v: 1, results: events.map(({ id }) => ({ id, status: 'accepted' })) };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(Buffer.from(JSON.stringify(reply)));
  };
