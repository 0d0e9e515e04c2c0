/** Events a second, each intake beside the bare handler, in rounds of one run. */
import { median, spread, table } from '../figures.js';
import { load } from './load.js';
import type { Server } from './process.js';

interface Round {
  readonly rate: number;
  /** What the server's process spent on an event, microseconds. */
  readonly costUs: number;
}

/**
 * Measures all of them.
 * @param events How many each of them takes a round.
 */
export const measureRates = async (
  servers: readonly Server[],
  rounds: number,
  events: number,
): Promise<string> => {
  const measure = async ({ name, url, cpuMs }: Server): Promise<Round> => {
    const before = await cpuMs();
    const rate = await load(url, events, name !== 'bare');
    return { rate, costUs: (((await cpuMs()) - before) * 1_000) / events };
  };
  // What a fresh process has yet to compile is none of the figures.
  for (const server of servers) await measure(server);
  const measured = new Map(servers.map(({ name }) => [name, [] as Round[]]));
  for (let round = 0; round < rounds; round++) {
    // What the machine does meanwhile favours none of them.
    for (const server of round % 2 ? servers.toReversed() : servers)
      measured.get(server.name)?.push(await measure(server));
  }
  const bare = measured.get('bare') ?? [];
  const rows = servers.map(({ name }) => {
    const own = measured.get(name) ?? [];
    const shares = own.map(({ rate }, round) => rate / (bare[round]?.rate ?? NaN));
    return [
      name,
      spread(
        own.map(({ rate }) => rate),
        0,
      ),
      median(shares).toFixed(2),
      spread(
        own.map(({ costUs }) => costUs),
        0,
      ),
    ];
  });
  const head = ['intake', 'events/s', 'of bare', 'CPU an event, µs'];
  return `accepted, in batches of 100 over HTTP: median (least–most) of ${rounds} rounds\n${table(head, rows)}`;
};
