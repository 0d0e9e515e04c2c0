/** Posts events as many clients do: batches over a few lasting connections, each answered before the next. */
import { once } from 'node:events';
import { connect } from 'node:net';

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
/**
 * Single events, as visitors post them who each saw one offer. With few visitors at once, an intake that waits for the
 * disk is limited by how many wait with it, and with many only by its work.
 */
export const SINGLES: Omit<Load, 'events'> = { batch: 1, connections: 64 };
export const MORE_SINGLES: Omit<Load, 'events'> = { batch: 1, connections: 256 };

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

/**
 * One lasting connection, without an HTTP client, which would cost more than what is measured.
 * @returns Posts, each answered before the next, and the end of the connection.
 */
const connectTo = async (url: string): Promise<{ post(body: string): Promise<string>; end(): void }> => {
  const { hostname, port, pathname, host } = new URL(url);
  const socket = connect(Number(port), hostname).setNoDelay(true);
  await once(socket, 'connect');
  let answer: { resolve(text: string): void; reject(cause: Error): void } | undefined;
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const head = text.indexOf('\r\n\r\n');
    const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
    // Answers are ASCII, so their characters are their bytes.
    if (head < 0 || length === undefined || text.length < head + 4 + Number(length)) return;
    const whole = text;
    text = '';
    if (whole.startsWith('HTTP/1.1 200 ')) answer?.resolve(whole);
    else answer?.reject(new Error(`answered ${whole}`));
  });
  socket.on('close', () => answer?.reject(new Error('the connection was closed')));
  const head =
    `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\n` +
    'Content-Type: application/json\r\nSec-Fetch-Site: same-origin\r\nContent-Length: ';
  return {
    post: (body) =>
      new Promise((resolve, reject) => {
        answer = { resolve, reject };
        socket.write(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
      }),
    end: () => void socket.destroy(),
  };
};

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
  const bodies = Array.from({ length: Math.ceil(events / batch) }, () => bodyOf(batch));
  const total = bodies.length * batch;
  const startedAt = performance.now();
  const replies: string[] = [];
  const client = async (): Promise<void> => {
    const { post, end } = await connectTo(url);
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) replies.push(await post(body));
    end();
  };
  await Promise.all(Array.from({ length: connections }, client));
  const seconds = (performance.now() - startedAt) / 1_000;
  const accepted = isProxy ? replies.reduce((sum, reply) => sum + acceptedIn(reply), 0) : total;
  if (accepted < total) console.error(`${total - accepted} of ${total} events were deferred`);
  return accepted / seconds;
};
