/** The mock API in a process of its own: faults by command, and what it saw, as rows. */
import { join } from 'node:path';
import { spawnUpstream } from '../../demo/spawn-upstream.js';
import type { Call } from '../../src/tools/mock-api/calls.js';
import type { Fault } from '../../src/tools/mock-api/faults.js';
import type { HistoryRow } from '../../src/tools/mock-api/history.js';
import type { Row } from '../../test/history/row.js';
import type { UpstreamFault } from './plan.js';

/** The upstream of a run. */
export interface ChaosUpstream {
  readonly url: string;
  arm(fault: UpstreamFault, count: number, ms: number): Promise<unknown>;
  keys(mode: 'honour' | 'ignore'): Promise<unknown>;
  heal(): Promise<unknown>;
  /** The events that it counted, in order. */
  effects(): Promise<Row[]>;
  stop(): void;
}

/** The header by which a proxy says which of its forwards a call is. */
const NUMBER_HEADER = 'chargebee-chaos-number';

const faultOf = (fault: UpstreamFault, count: number, ms: number): Fault => {
  switch (fault) {
    case 'delay':
      return { kind: 'delay', count, ms };
    case 'throttled':
      return { kind: 'status', status: 429, retry_after: 1, count };
    case 'broken':
      return { kind: 'status', status: 503, count, recorded: ms % 2 === 0 };
    case 'html':
      return { kind: 'html', status: 200, count, recorded: ms % 2 === 0 };
    default:
      return { kind: fault, count };
  }
};

/** Starts it. */
export const startChaosUpstream = async (folder: string, key: string): Promise<ChaosUpstream> => {
  const spawned = await spawnUpstream({
    site: 'offersight-test',
    apiKey: key,
    historyFile: join(folder, 'upstream.jsonl'),
  });
  const command = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${spawned.url}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`the upstream does not understand ${method} ${path}`);
    return response.json();
  };
  return {
    url: spawned.url,
    arm: (fault, count, ms) => command('POST', '/faults', faultOf(fault, count, ms)),
    keys: (mode) => command('POST', '/idempotency', { mode }),
    heal: () => command('DELETE', '/faults'),
    async effects() {
      const history = (await command('GET', '/history')) as HistoryRow[];
      const calls = (await command('GET', '/calls')) as Call[];
      const counted = history.filter(({ replayed }) => !replayed);
      return counted.map((row): Row => {
        const { at, key, type, personalized_offer_id: offerId } = row;
        // A call counts between its arrival and its end. If several have one key, the one that was running counted.
        const call = calls.find((one) => one.key === key && one.at <= at && (one.ended_at ?? Infinity) >= at);
        const number = Number(call?.headers[NUMBER_HEADER] ?? -1);
        return { at, kind: 'effect', number, ...(key && { id: key.slice(4) }), type, offerId };
      });
    },
    stop: spawned.stop,
  };
};
