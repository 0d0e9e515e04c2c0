/** A process that is busy for longer than a deadline, as one that renders pages can be: real sockets and real time. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { post } from '../../../src/proxy/forward/http.js';
import { platformRuntime } from '../../../src/runtime.js';

/** Answers in a thread of its own, since this one will be busy; says when it has a request, and answers soon after. */
const UPSTREAM = `
  const { createServer } = require('node:http');
  const { parentPort } = require('node:worker_threads');
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      parentPort.postMessage('asked');
      if (request.url !== '/silent') setTimeout(() => response.writeHead(204).end(), 20);
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

/** Eight seconds are 400 ms here. */
const FASTER = 20;
const BUSY_MS = 700;

let upstream: Worker;
let baseUrl: string;

beforeEach(async () => {
  upstream = new Worker(UPSTREAM, { eval: true });
  const [port] = (await once(upstream, 'message')) as [number];
  baseUrl = `http://127.0.0.1:${port}`;
});

afterEach(async () => {
  await upstream.terminate();
});

const call = (path: string): ReturnType<typeof post> => {
  const { after, fetch } = platformRuntime();
  const runtime = { after: (delayMs: number, task: () => void) => after(delayMs / FASTER, task), fetch };
  return post({ baseUrl, apiKey: 'test_key' }, { path, body: {}, headers: {} }, runtime);
};

const beBusy = (): void => {
  const until = performance.now() + BUSY_MS;
  while (performance.now() < until);
};

describe('a process that is busy for longer than its deadline', () => {
  it('still hears an answer that came meanwhile', async () => {
    const answer = call('/prompt');
    await once(upstream, 'message');
    beBusy();
    expect(await answer).toMatchObject({ kind: 'answered', status: 204 });
  });

  it('still gives up a call that is never answered', async () => {
    const answer = call('/silent');
    await once(upstream, 'message');
    beBusy();
    expect(await answer).toEqual({ kind: 'lost', why: 'ETIMEDOUT' });
  });
});
