/** The intake in its thread: opens the file, and answers what the host asks. */
import { parentPort } from 'node:worker_threads';
import type { Intake, Lane } from '../intake.js';
import {
  type Call,
  type Claim,
  type Portioned,
  packVerdicts,
  type Reply,
  type Request,
  type Said,
  type ThreadStart,
  unpackEvents,
} from './sqlite-calls.js';
import { packError } from './sqlite-errors.js';
import { openSqliteIntake } from './sqlite-intake.js';

/** A method with any parameters and result: the host's side has the types. */
type Method = (...given: readonly unknown[]) => unknown;

/** Answers calls over an intake. */
const createAnswering = (intake: Intake): ((call: Call) => Promise<unknown>) => {
  const portions = new Map<unknown, AsyncIterator<unknown>>();
  const laneOf = (name: 'events' | 'usage'): Lane => (name === 'usage' ? intake.usage : intake);

  const portionsOf = (method: Portioned, lane: Lane, given: readonly unknown[]): AsyncIterable<unknown> =>
    method === 'tally'
      ? lane.tally(...(given as Parameters<Lane['tally']>))
      : intake.ledger(...(given as Parameters<Intake['ledger']>));

  return async (call) => {
    const { given } = call;
    switch (call.kind) {
      case 'take':
        return packVerdicts(await intake.take(unpackEvents(given[0] as string)));
      case 'lane':
        return (laneOf(call.lane)[call.method] as Method)(...given);
      case 'intake':
        return (intake[call.method] as Method)(...given);
      case 'portions': {
        const [number, ...rest] = given;
        portions.set(number, portionsOf(call.method, laneOf(call.lane), rest)[Symbol.asyncIterator]());
        return undefined;
      }
      case 'next':
        return portions.get(given[0])?.next();
      case 'leave': {
        const left = portions.get(given[0]);
        portions.delete(given[0]);
        return left?.return?.();
      }
      default:
        return call satisfies never;
    }
  };
};

/**
 * Opens the intake and serves it until the thread ends. Says at the door how opening went, and then how each claim
 * went. Without an intake the thread ends by itself.
 */
export const serve = ({ door, said, claim, ...file }: ThreadStart): void => {
  const port = parentPort;
  if (!port) return;
  const reply = (message: Reply): void => port.postMessage(message);
  const say = (attempt: () => void): boolean => {
    let message: Said = {};
    try {
      attempt();
    } catch (cause) {
      message = { failure: packError(cause) };
    }
    door.postMessage(message);
    const count = new Int32Array(said);
    Atomics.add(count, 0, 1);
    Atomics.notify(count, 0);
    return !message.failure;
  };

  let intake: Intake | undefined;
  const claimFor = ({ site, groups }: Claim): void =>
    intake?.claim(site, { groups, onAlert: (alert) => reply({ alert }) });

  const isOpen = say(() => {
    intake = openSqliteIntake(file);
    if (claim) claimFor(claim);
  });
  if (!intake || !isOpen) return;
  reply({ isOpen });
  const answer = createAnswering(intake);
  port.on('message', async (request: Request) => {
    if (request.kind === 'claim') {
      say(() => claimFor(request.claim));
      return;
    }
    const { id } = request;
    try {
      reply({ id, result: await answer(request) });
    } catch (cause) {
      reply({ id, failure: packError(cause) });
    }
  });
};
