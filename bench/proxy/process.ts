/** Starts measured servers and asks them. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Asked, Told } from './subject-process.js';
import type { SubjectOptions } from './subjects.js';

/** A measured server from outside. */
export interface Server {
  readonly name: string;
  readonly url: string;
  /** Bytes in use after everything unused was given back. */
  memory(): Promise<{ readonly heap: number; readonly rss: number }>;
  /** Time that its process has spent on all cores, milliseconds. */
  cpuMs(): Promise<number>;
  /** Begins to watch its loop. */
  watch(what: 'turns' | 'ticks'): Promise<unknown>;
  /** Ends that, with what it has shown. */
  watched(): Promise<Told>;
  end(): Promise<void>;
}

/**
 * Starts one.
 * @param profileFolder Where it leaves a CPU profile when it ends; by default nowhere.
 */
export const startServer = async (
  name: string,
  { upstream, key, postgres, isSettling }: SubjectOptions,
  profileFolder?: string,
): Promise<Server> => {
  const main = fileURLToPath(new URL('./subject-process.ts', import.meta.url));
  const settling = isSettling ? ['--settling'] : [];
  const profile = profileFolder ? ['--cpu-prof', '--cpu-prof-dir', profileFolder] : [];
  const child = fork(
    main,
    [...['--name', name, '--upstream', upstream, '--key', key], ...['--postgres', postgres, ...settling]],
    {
      execArgv: ['--import', 'tsx', '--expose-gc', ...profile],
    },
  );
  const hear = async (): Promise<Told> => (await once(child, 'message'))[0] as Told;
  const ask = (what: Asked): Promise<Told> => {
    const told = hear();
    child.send(what);
    return told;
  };
  const { url = '' } = await hear();
  return {
    name,
    url,
    async memory() {
      const { heapBytes = NaN, rssBytes = NaN } = await ask('memory');
      return { heap: heapBytes, rss: rssBytes };
    },
    cpuMs: async () => (await ask('cpu')).cpuMs ?? NaN,
    watch: ask,
    watched: () => ask('watched'),
    async end() {
      const ended = once(child, 'exit');
      child.send('end');
      await ended;
    },
  };
};
