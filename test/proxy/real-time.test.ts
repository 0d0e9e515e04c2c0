/** A process that is busy for longer than a request may last, in real time. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { framed, GOOD, LENGTH, startNodeProxy } from '../support/node-proxy.js';

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
