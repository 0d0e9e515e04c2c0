/** Starts the mock API as a process of its own, which ends with ours, however ours ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { UpstreamOptions } from '../src/tools/mock-api/server.js';

/** A running mock API. */
export interface SpawnedUpstream {
  readonly url: string;
  stop(): void;
}

/**
 * Starts it on a free port.
 * @throws {Error} If it ends before it listens; what it said is on standard error.
 */
export const spawnUpstream = async (
  options: Pick<UpstreamOptions, 'site' | 'apiKey' | 'historyFile'>,
): Promise<SpawnedUpstream> => {
  const main = fileURLToPath(new URL('./upstream-process.ts', import.meta.url));
  // The limit of a small plan would be the shop's own page views, five offers each.
  const all: UpstreamOptions = { ...options, limits: { per_minute: null } };
  const child = spawn(process.execPath, ['--import', 'tsx', main, JSON.stringify(all)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown];
  const url = /^upstream: (http:\S+)$/.exec(String(line))?.[1];
  if (!url) throw new Error('the mock API did not start');
  return { url, stop: () => child.kill() };
};
