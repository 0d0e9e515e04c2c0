/** Measures events a second of each intake and of the bare handler, in rounds of one run. */
import { median, spread, table } from '../figures.js';
import { type Load, load } from './load.js';
import type { Server } from './process.js';

interface Round {
  readonly rate: number;
  /** What the server's process spent on an event, microseconds. */
  readonly costUs: number;
}

/**
 * Measures all of them.
 * @param posted What each of them takes a round.
 */
export const measureRates = async (
  servers: readonly Server[],
  rounds: number,
  posted: Load,
): Promise<string> => {
  const measure = async ({ name, url, cpuMs }: Server): Promise<Round> => {
    const before = await cpuMs();
    const rate = await load(url, posted, name !== 'bare');
    return { rate, costUs: (((await cpuMs()) - before) * 1_000) / posted.events };
  };
  // The figures exclude the time that a fresh process needs to compile.
  for (const server of servers) await measure(server);
  const measured = new Map(servers.map(({ name }) => [name, [] as Round[]]));
  for (let round = 0; round < rounds; round++) {
    // The order changes, so that other work of the machine does not favour one of them.
    for (const server of round % 2 ? servers.toReversed() : servers)
      measured.get(server.name)?.push(await measure(server));
  }
  const sharesOf = (own: readonly Round[], other: string): string => {
    const rates = measured.get(other)?.map(({ rate }) => rate);
    return rates ? median(own.map(({ rate }, round) => rate / (rates[round] ?? NaN))).toFixed(2) : '–';
  };
  const rows = servers.map(({ name }) => {
    const own = measured.get(name) ?? [];
    return [
      name,
      spread(
        own.map(({ rate }) => rate),
        0,
      ),
      sharesOf(own, 'bare'),
      sharesOf(own, 'nothing'),
      spread(
        own.map(({ costUs }) => costUs),
        0,
      ),
    ];
  });
  const head = ['intake', 'events/s', 'of bare', 'of nothing', 'CPU an event, µs'];
  return `accepted, ${posted.batch} in a request over HTTP, ${posted.connections} at once: median (least–most) of ${rounds} rounds\n${table(head, rows)}`;
};
