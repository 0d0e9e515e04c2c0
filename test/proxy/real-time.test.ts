/** Tests that take real time: a pace by the minute, and a process that is busy for longer than a request may last. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { platformRuntime } from '../../src/runtime.js';
import { startUpstream } from '../../src/tools/mock-api/server.js';
import { framed, GOOD, LENGTH, startNodeProxy } from '../support/node-proxy.js';
import { pageRequest, startProxy } from '../support/proxy.js';
import { eventId, wireBody, wireEvent } from '../support/wire.js';
import { byOffer, type Made } from './killed/client.js';

const MINUTE_MS = 60_000;

describe('an upstream that allows 1,000 calls a minute', () => {
  const EVENTS = 2_000;
  const PER_MINUTE = 1_000;

  it('gets 2,000 events without a single 429, and never more than 1,000 in any 60 seconds', async () => {
    const apiKey = 'test_pace_key';
    const upstream = await startUpstream({
      apiKey,
      limits: { per_minute: PER_MINUTE },
      // The pace is kept by this clock, so it also measures the minute: the wall clock is corrected now and then.
      now: () => performance.timeOrigin + performance.now(),
    });
    const { proxy, end } = startProxy({
      apiKey,
      baseUrl: upstream.url,
      runtime: platformRuntime(),
      pace: { perMinute: PER_MINUTE },
    });
    onTestFinished(async () => {
      await end();
      await upstream.close();
    });
    const made = Array.from({ length: EVENTS }, (_, number): Made => {
      // Seen and closed, one after the other.
      const offerId = `offer-${Math.floor(number / 2)}`;
      return { id: eventId(number), type: number % 2 ? 'dismissed' : 'viewed', offerId };
    });
    for (let from = 0; from < EVENTS; from += 500) {
      const batch = made.slice(from, from + 500).map(({ type, offerId }, at) => {
        return wireEvent(from + at, { type, personalized_offer_id: offerId });
      });
      expect((await proxy(pageRequest(wireBody(batch)))).status).toBe(200);
    }
    const counted = () =>
      upstream.history().flatMap(({ key, type, personalized_offer_id: offerId, replayed }) => {
        return replayed ? [] : [{ id: `${key}`.replace('oe1-', ''), type, offerId }];
      });
    await upstream.until(() => counted().length >= EVENTS, 240_000);

    const arrivals = upstream.calls().map(({ at }) => at);
    const bursts = arrivals.filter((at, index) => at - (arrivals[index - PER_MINUTE] ?? 0) < MINUTE_MS);
    expect(bursts).toEqual([]);
    expect(upstream.calls().filter(({ status }) => status === 429)).toEqual([]);
    expect(byOffer(counted())).toEqual(byOffer(made));
  }, 300_000);
});

describe('a process that was busy for longer than a request may take to arrive', () => {
  /** Sends the first half of a request, says so, and sends the second half while the process is busy. */
  const SENDER = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { port, halves } = workerData;
    const socket = require('node:net').connect(port, '127.0.0.1', () => socket.write(halves[0]));
    let answer = '';
    socket.setEncoding('latin1').on('data', (text) => { answer += text; });
    socket.on('close', () => parentPort.postMessage(answer));
    parentPort.once('message', () => setTimeout(() => socket.write(halves[1]), 1000));`;

  it('takes one whose second half came meanwhile', async () => {
    let asked: Promise<unknown> | undefined;
    const node = await startNodeProxy({}, { tune: (server) => (asked = once(server, 'request')) });
    onTestFinished(() => node.end());
    const bytes = framed([LENGTH], GOOD);
    const half = bytes.length - 20;
    const sender = new Worker(SENDER, {
      eval: true,
      workerData: { port: node.port, halves: [bytes.slice(0, half), bytes.slice(half)] },
    });
    onTestFinished(async () => {
      await sender.terminate();
    });
    await asked;
    sender.postMessage('go on');
    for (const endsAt = performance.now() + 11_000; performance.now() < endsAt; );
    const [answer] = (await once(sender, 'message')) as [string];
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  }, 60_000);
});
