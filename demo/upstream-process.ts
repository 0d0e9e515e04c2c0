import { parseArgs } from 'node:util';
import { DEFAULT_LIMITS } from '../src/tools/mock-api/limits.js';
import { startUpstream, type UpstreamOptions } from '../src/tools/mock-api/server.js';

const USAGE =
  'usage: main.ts --port N --api-key KEY [--site NAME] [--per-minute N|off] [--concurrent N|off] [--history FILE] [--until-stdin-ends]';

try {
  const { untilStdinEnds, ...options } = readOptions(process.argv.slice(2));
  const upstream = await startUpstream(options);
  const stop = async (): Promise<void> => {
    process.stdin.destroy();
    await upstream.close();
    process.exit();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
  if (untilStdinEnds) process.stdin.resume().once('end', () => void stop());
  console.log(`upstream: ${upstream.url}`);
} catch (error) {
  console.error(`upstream: ${error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error)}`);
  process.exitCode = 1;
}

function readOptions(args: string[]): UpstreamOptions & { readonly untilStdinEnds: boolean } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      port: text,
      'api-key': text,
      site: text,
      'per-minute': text,
      concurrent: text,
      history: text,
      'until-stdin-ends': { type: 'boolean' },
    },
  });
  const { port, 'api-key': apiKey, site, history } = values;
  if (port === undefined) throw new Error(`--port is missing; ${USAGE}`);
  if (apiKey === undefined || apiKey === '') throw new Error(`--api-key is missing; ${USAGE}`);
  if (site !== undefined && !/^[a-z0-9][a-z0-9-]*$/.test(site)) {
    throw new Error(`--site must be letters, digits and hyphens, not "${site}"`);
  }
  return {
    port: readWhole('--port', port, 65_535),
    apiKey,
    // The parent process holds the other end, which closes however that process ends.
    untilStdinEnds: values['until-stdin-ends'] ?? false,
    limits: {
      ...DEFAULT_LIMITS,
      per_minute: readLimit('--per-minute', values['per-minute'], DEFAULT_LIMITS.per_minute),
      concurrent: readLimit('--concurrent', values.concurrent, DEFAULT_LIMITS.concurrent),
    },
    ...(site === undefined ? {} : { site }),
    ...(history === undefined ? {} : { historyFile: history }),
  };
}

function readLimit(name: string, value: string | undefined, usual: number | null): number | null {
  if (value === undefined) return usual;
  return value === 'off' ? null : readWhole(name, value, 1_000_000);
}

function readWhole(name: string, value: string, max: number): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number <= max) return number;
  throw new Error(`${name} must be a whole number up to ${max}, not "${value}"`);
}
