/** Posts events as many clients do: batches over a few lasting connections, each answered before the next. */
import { Agent, request } from 'node:http';

/** The kind of load. */
export interface Load {
  /** How many events, at least. */
  readonly events: number;
  /** How many of them in one request. */
  readonly batch: number;
  /** How many requests at once. */
  readonly connections: number;
}

/** Batches as clients post them when much waits. */
export const BATCHES: Omit<Load, 'events'> = { batch: 100, connections: 8 };
/** Single events, as many visitors post them who each saw one offer. */
export const SINGLES: Omit<Load, 'events'> = { batch: 1, connections: 64 };

let made = 0;

/** Ids like those that the browser makes: UUIDv7, ascending, no two alike. */
const nextId = (now: number): string => {
  const time = now.toString(16).padStart(12, '0');
  const tail = (made++).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`;
};

const bodyOf = (batch: number): string => {
  const now = Date.now();
  const events = Array.from({ length: batch }, () => ({
    id: nextId(now),
    type: 'viewed',
    // Each offer belongs to one customer.
    personalized_offer_id: `offer${made}`,
    occurred_at: now - 300,
  }));
  return JSON.stringify({ v: 1, sent_at: now, events });
};

const post = (url: string, agent: Agent, body: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'sec-fetch-site': 'same-origin',
    };
    const outgoing = request(url, { method: 'POST', agent, headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.once('error', reject).once('end', () => {
        if (incoming.statusCode === 200) resolve(text);
        else reject(new Error(`answered ${incoming.statusCode}: ${text}`));
      });
    });
    outgoing.once('error', reject).end(body);
  });

const acceptedIn = (reply: string): number => reply.split('"accepted"').length - 1;

/**
 * Posts at least so many new events, and waits until all are answered.
 * @param isProxy Whether each event has to be accepted by name.
 * @returns Accepted events a second.
 */
export const load = async (
  url: string,
  { events, batch, connections }: Load,
  isProxy: boolean,
): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const bodies = Array.from({ length: Math.ceil(events / batch) }, () => bodyOf(batch));
  const total = bodies.length * batch;
  const startedAt = performance.now();
  const replies: string[] = [];
  const client = async (): Promise<void> => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop())
      replies.push(await post(url, agent, body));
  };
  await Promise.all(Array.from({ length: connections }, client));
  const seconds = (performance.now() - startedAt) / 1_000;
  agent.destroy();
  const accepted = isProxy ? replies.reduce((sum, reply) => sum + acceptedIn(reply), 0) : total;
  if (accepted < total) console.error(`${total - accepted} of ${total} events were deferred`);
  return accepted / seconds;
};
