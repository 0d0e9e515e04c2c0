/**
 * Raw bytes by the hundred thousand against Node's server: with any input the process stays up, every reply is one
 * that the contract knows, and only what was a request of ours goes any further.
 */
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AdmittedEvent } from '../../src/proxy/index.js';
import { createChance } from '../simulation/chance.js';
import { framed, LENGTH, type NodeProxy, startNodeProxy } from '../support/node-proxy.js';
import { CANARY_KEY } from '../support/proxy.js';
import { closed, exchange, openSocket, statusesOf } from '../support/sockets.js';
import { CORPUS, ECHO, LARGE, SHOP } from './corpus.js';
import { mutate } from './mutations.js';

const SEED = Number(process.env.FUZZ_SEED ?? 20_251_120);
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 40_000);
/** Connections that are busy at once, and those that say something and then nothing any more. */
const BUSY = 200;
const SILENT = 200;

const ALLOWED = new Set([100, 200, 400, 403, 404, 405, 408, 413, 415, 417, 429, 431, 503]);
const ACCEPTED = /"id":"([^"]+)","status":"(?:accepted|duplicate)"/g;

/**
 * Whether an input has in it what an event can only be taken for. Necessary, not sufficient, and read off the bytes
 * without any parser, so that it shares no mistake with one.
 */
const hasWhatItTakes = (input: string, id: string): boolean => {
  const joined = input.replaceAll(/\r\n[\da-f]+(?:;[^\r\n]*)?\r\n/gi, '');
  const isAlone = (input.match(/HTTP\/1/g) ?? []).length <= 1;
  return (
    input.includes('POST ') &&
    /\ncontent-type:[ \t]*application\/json/i.test(input) &&
    (/\nsec-fetch-site:[ \t]*same-origin[ \t]*\r\n/i.test(input) ||
      new RegExp(`\\norigin:[ \\t]*${SHOP}[ \\t]*\\r\\n`, 'i').test(input)) &&
    !(isAlone && /\r\ncontent-encoding:/i.test(input)) &&
    joined.includes(id) &&
    /"type":\s*"(?:viewed|dismissed)"/.test(joined)
  );
};

const isWellFormed = ({ id, type, offerId, occurredAt }: AdmittedEvent): boolean =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) &&
  (type === 'viewed' || type === 'dismissed') &&
  /^[A-Za-z0-9_.:~-]{1,50}$/.test(offerId) &&
  Number.isSafeInteger(occurredAt);

let proxy: NodeProxy;
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeAll(async () => {
  proxy = await startNodeProxy({ origins: [SHOP], pace: { perMinute: 1e6, concurrent: 50 } });
  process.on('unhandledRejection', note).on('uncaughtException', note);
});

afterAll(async () => {
  process.off('unhandledRejection', note).off('uncaughtException', note);
  await proxy.end();
});

it(`stays up under ${INPUTS} raw inputs, seed ${SEED} (attacks 62, 64)`, async () => {
  const chance = createChance(SEED, 'inputs');
  const silent: Socket[] = [];
  const taken = new Set<string>();
  const faults: string[] = [];
  const statuses = new Map<number, number>();
  let left = INPUTS;

  const judge = (input: string, answer: string): void => {
    const shown = JSON.stringify(input.slice(0, 2_000));
    const all = statusesOf(answer);
    for (const status of all.length ? all : [0]) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (answer && !all.length) faults.push(`no reply of HTTP to ${shown}: ${JSON.stringify(answer)}`);
    for (const status of all) if (!ALLOWED.has(status)) faults.push(`${status} to ${shown}`);
    if (answer.includes(ECHO) || answer.includes(CANARY_KEY)) faults.push(`echo of ${shown}`);
    for (const [, id = ''] of answer.matchAll(ACCEPTED)) {
      taken.add(id);
      if (!hasWhatItTakes(input, id)) faults.push(`taken: ${shown}`);
    }
  };

  /** A silent client keeps a connection until there are too many. */
  const fallSilent = async (input: string): Promise<void> => {
    const socket = await openSocket(proxy.port);
    socket.resume().write(input.slice(0, chance.whole(0, input.length)), 'latin1');
    silent.push(socket);
    if (silent.length > SILENT) silent.shift()?.destroy();
  };

  const next = async (): Promise<void> => {
    while (left-- > 0) {
      const input = chance.is(0.0005) ? chance.one(LARGE) : mutate(CORPUS, chance);
      if (chance.is(0.02)) {
        await fallSilent(input);
        continue;
      }
      const socket = await openSocket(proxy.port);
      let answer = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        answer += chunk;
      });
      // The other half stays open, so that replies arrive.
      socket.end(input, 'latin1');
      await closed(socket);
      judge(input, answer);
    }
  };

  await Promise.all(Array.from({ length: BUSY }, next));
  for (const socket of silent) socket.destroy();
  console.log(`seed ${SEED}, statuses`, Object.fromEntries([...statuses].sort(([a], [b]) => a - b)));
  expect(faults.slice(0, 5)).toEqual([]);
  expect(unhandled).toEqual([]);

  const answer = await exchange(proxy.port, framed([LENGTH]));
  expect(statusesOf(answer)).toEqual([200]);
  await proxy.runtime.advance(600_000);
  const rows = await proxy.intake.list({ limit: 100_000 });
  // Silent connections may have said all before they fell silent.
  expect(rows.filter((row) => !isWellFormed({ ...row, content: '' }))).toEqual([]);
  const keys = new Set(rows.map(({ id }) => `oe1-${id}`));
  expect(proxy.runtime.calls.filter(({ key }) => !keys.has(key ?? ''))).toEqual([]);
  const known = new Set(rows.map(({ id }) => id));
  expect([...taken].filter((id) => !known.has(id))).toEqual([]);
  expect({}).not.toHaveProperty('polluted');
}, 600_000);
