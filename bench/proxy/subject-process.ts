/** One measured server as a process of its own, asked over IPC what it holds and what it has spent. */
import { parseArgs } from 'node:util';
import { getHeapSpaceStatistics } from 'node:v8';
import { listen, startSubject } from './subjects.js';
import { type Turns, watchTicks, watchTurns } from './watching.js';

const text = { type: 'string', default: '' } as const;
const { values } = parseArgs({
  options: {
    name: text,
    upstream: text,
    key: text,
    postgres: text,
    settling: { type: 'boolean', default: false },
  },
});
const { name, upstream, key, postgres, settling: isSettling } = values;
const subject = await startSubject(name, { upstream, key, postgres, isSettling });

/** What a process reports about itself. */
export interface Told {
  readonly url?: string;
  /** Memory in use after a collection, without compiled code, which grows with the hot functions. */
  readonly heapBytes?: number;
  readonly rssBytes?: number;
  /** Spent since the start, milliseconds. */
  readonly cpuMs?: number;
  /** What watching its loop has shown. */
  readonly turns?: Turns;
  readonly tickMs?: number;
}

/** What a process is asked. */
export type Asked = 'memory' | 'cpu' | 'turns' | 'ticks' | 'watched' | 'end';

/** Ends watching. */
let watched: () => Pick<Told, 'turns' | 'tickMs'> = () => ({});

const heapBytes = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !name.startsWith('code'))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0);

const tell = (told: Told): void => void process.send?.(told);

process.on('message', async (asked: Asked) => {
  switch (asked) {
    case 'memory': {
      await subject.settled();
      // The second collection frees what finalizers hold in the first.
      for (let time = 0; time < 2; time++) {
        globalThis.gc?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
      tell({ heapBytes: heapBytes(), rssBytes: process.memoryUsage().rss });
      break;
    }
    case 'cpu': {
      const { user, system } = process.cpuUsage();
      tell({ cpuMs: (user + system) / 1_000 });
      break;
    }
    case 'turns': {
      const end = watchTurns();
      watched = () => ({ turns: end() });
      tell({});
      break;
    }
    case 'ticks': {
      const end = watchTicks();
      watched = () => ({ tickMs: end() });
      tell({});
      break;
    }
    case 'watched':
      tell(watched());
      break;
    case 'end':
      await subject.close();
      // A profile is written only if the process ends by itself.
      process.exit();
  }
});
tell({ url: await listen(subject) });
