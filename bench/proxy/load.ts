/** Posts events as many clients do: batches over a few connections that stay, each answered before its next. */
import { Agent, request } from 'node:http';

/** Most events of one batch of a client, as its packer cuts them when much waits. */
const BATCH = 100;
const CONNECTIONS = 8;

let made = 0;

/** UUIDv7 as the browser's half makes them: ascending, no two alike. */
const nextId = (now: number): string => {
  const time = now.toString(16).padStart(12, '0');
  const tail = (made++).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`;
};

const batch = (): string => {
  const now = Date.now();
  const events = Array.from({ length: BATCH }, () => ({
    id: nextId(now),
    type: 'viewed',
    // Each is one customer's own.
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
 * Posts so many new events, at least, and waits until all are answered for.
 * @param isProxy Whether each event has to be accepted by name.
 * @returns Accepted events a second.
 */
export const load = async (url: string, events: number, isProxy: boolean): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const bodies = Array.from({ length: Math.ceil(events / BATCH) }, batch);
  const total = bodies.length * BATCH;
  const startedAt = performance.now();
  const replies: string[] = [];
  const client = async (): Promise<void> => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop())
      replies.push(await post(url, agent, body));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  const seconds = (performance.now() - startedAt) / 1_000;
  agent.destroy();
  const accepted = isProxy ? replies.reduce((sum, reply) => sum + acceptedIn(reply), 0) : total;
  if (accepted < total) console.error(`${total - accepted} of ${total} events were deferred`);
  return accepted / seconds;
};
