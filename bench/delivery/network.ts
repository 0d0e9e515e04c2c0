/**
 * The network in front of an endpoint. Its condition is set by command. In a poor one each request has a fate, drawn
 * from a seed. The faults themselves are those of the end-to-end tests.
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { NodeListener } from 'offersight/proxy/node';
import { createGateway, type GatewayFault } from '../../e2e/fixtures/gateway.js';
import { createRandom, pick } from './random.js';

/** How the network is. */
export type Condition =
  | 'good'
  /** Some requests are lost, some answers, some answers break off. */
  | 'poor'
  /** A captive portal answers everything with its page, status 200. */
  | 'portal'
  /** Everything is answered 503. */
  | 'busy'
  /** No request comes through. */
  | 'off';

/** What happens to a request if the condition does not decide it. */
const POOR = { good: 40, off: 25, 'lose-answer': 25, truncate: 10 } as const;

/** A network whose quality can be set. */
export interface Network {
  /** How it is now. */
  readonly condition: Condition;
  /** Requests for the endpoint so far, including those that never reached it. */
  readonly requests: number;
  /** When the last one came, epoch milliseconds. */
  readonly lastAt: number;
  /** How long every request is under way, milliseconds; 0 at first. */
  delayMs: number;
  /** @param seed The fates of a poor network: its k-th request meets the k-th draw. */
  become(condition: Condition, seed?: number): void;
  readonly listener: NodeListener;
}

/** Puts a network before a listener. */
export const createNetwork = (listener: NodeListener): Network => {
  const gateway = createGateway(listener);
  let random = createRandom(0);

  const faultOf = (): GatewayFault | undefined => {
    const { condition } = network;
    if (condition === 'portal' || condition === 'off') return condition;
    const fate = condition === 'poor' ? pick(random, POOR) : 'good';
    return fate === 'good' ? undefined : fate;
  };

  const network = {
    condition: 'good' as Condition,
    requests: 0,
    lastAt: 0,
    delayMs: 0,
    become(next: Condition, seed = 0) {
      network.condition = next;
      random = createRandom(seed);
    },
    async listener(request: IncomingMessage, response: Parameters<NodeListener>[1]) {
      network.requests++;
      network.lastAt = Date.now();
      if (network.delayMs) await wait(network.delayMs);
      if (network.condition === 'busy') {
        request.resume();
        response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Busy</h1>');
        return;
      }
      gateway.fault = faultOf();
      gateway.listener(request, response);
    },
  };
  return network;
};
