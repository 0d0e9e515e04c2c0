/** Every default that the reference names is the one in the code. The code has none where the reference has only words. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOptions } from '../../scripts/reference/pages.js';
import { backoffMs, circuitMs } from '../../src/client/later/delivery/backoff.js';
import type { Flags } from '../../src/proxy/cli/flag-kinds.js';
import { FLAGS } from '../../src/proxy/cli/flag-table.js';
import { readDefaults, type Value } from '../support/defaults.js';
import { valueSaid } from './described.js';

const FILES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => join('src', name));

/** One default, as the reference says it, and where the code has it. */
interface Said {
  readonly key: string;
  readonly fallback: string;
  readonly folder: string;
  readonly name: string;
}

const OPTIONS: readonly Said[] = readOptions()
  .flat()
  .filter(({ option }) => !option.isRequired)
  .map(({ source, option: { name, fallback = '' } }) => ({
    key: `${source.name}.${name}`,
    fallback,
    folder: source.file.split('/').slice(0, 2).join('/'),
    name: name.split('.').at(-1) ?? '',
  }));

const FLAGS_SAID: readonly Said[] = Object.entries<Flags>(FLAGS).flatMap(([command, flags]) =>
  Object.entries(flags).map(([flag, { fallback }]) => ({
    key: `${command} --${flag}`,
    fallback,
    folder: 'src',
    name: flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
  })),
);

/** Where the code has a default under another name, in another unit, or in a file beside others of its name. */
const ELSEWHERE: Readonly<
  Record<string, Partial<Pick<Said, 'name' | 'folder'>> & { readonly times?: number }>
> = {
  'OfferAdminOptions.adminHosts': { name: 'given' },
  'DevOptions.port': { folder: 'src/dev/options.ts' },
  'DevOptions.upstreamPort': { name: 'port', folder: 'src/dev/stand-in.ts' },
  'DevOptions.adminPort': { name: 'port', folder: 'src/dev/operators.ts' },
  'dev --port': { folder: 'src/dev/options.ts' },
  'dev --upstream-port': { name: 'port', folder: 'src/dev/stand-in.ts' },
  'dev --admin-port': { name: 'port', folder: 'src/dev/operators.ts' },
  'proxy --port': { folder: 'src/proxy/cli' },
  'status --lane': { name: 'given' },
  'events --lane': { name: 'given' },
  'dead-letters --lane': { name: 'given' },
  'purge --lane': { name: 'given' },
  'proxy --admin-host': { name: 'given' },
  'proxy --max-delay-hours': { name: 'maxDelayMs', times: 3_600_000 },
  'proxy --keep-alive-seconds': { name: 'keepAliveMs', times: 1_000 },
  'proxy --drain-seconds': { name: 'drainMs', times: 1_000 },
};

/** Defaults that this cannot compare, and why. An entry that could be compared, or that is gone, fails. */
const NOT_COMPARED: Readonly<Record<string, string>> = {
  'TrackerOptions.repeat': 'the code compares it only with the other values',
  'TrackerOptions.occlusion': 'the code compares it only with the other value',
  'TrackerOptions.ignore': 'the code compares it only with the other values',
  'TrackerOptions.machines': 'the code compares it only with the other value, and the host decides',
  'TrackerOptions.delivery.longestPauseMs': 'its parts are compared below',
  'ObservedOffer.ratio': 'it is an option of the tracker, which has a default',
  'ObservedOffer.dwellMs': 'it is an option of the tracker, which has a default',
  'OfferProxyOptions.usage.propertiesFor': 'it is a function, whose events the tests of the usage lane show',
  'OfferProxyOptions.usage.pace': 'it is an object, and compared below',
  'NodeListenerOptions.path': 'other rooms have a path with a default',
  'doctor --endpoint': 'the page has one, or has the default of the tracker',
  'funnel --since': 'it follows from the last day, and is compared below',
};

/** What a program has for nothing. */
const NOTHING: ReadonlySet<Value> = new Set<Value>(['', '[]', 0, false]);

const defaultsOf = readDefaults(FILES);

/** What differs; undefined if the reference is right. */
const differenceOf = ({ key, fallback, folder, name }: Said): string | undefined => {
  if (fallback === 'it has to be given') return undefined;
  const { name: own = name, folder: place = folder, times = 1 } = ELSEWHERE[key] ?? {};
  const value = valueSaid(fallback.replace('://SITE.', '://{site}.'));
  const said = typeof value === 'number' ? value * times : value;
  const found = [...defaultsOf(place, own)];
  const isRight =
    said === undefined || said === false
      ? found.every((each) => NOTHING.has(each))
      : found.some((each) => each === said) || (said === '[]' && found.length === 0);
  return isRight ? undefined : `${key}: “${fallback}” is documented, the code has ${JSON.stringify(found)}`;
};

const ALL = [...OPTIONS, ...FLAGS_SAID];

describe('the defaults of the reference', () => {
  it('are those that the code has: numbers, strings, lists, yes and no, and none', () => {
    const compared = ALL.filter(({ key }) => !(key in NOT_COMPARED));
    expect(compared.flatMap((said) => differenceOf(said) ?? [])).toEqual([]);
    expect(compared.length).toBeGreaterThan(150);
    const withValue = compared.filter(({ fallback }) => valueSaid(fallback) !== undefined);
    expect(withValue.length).toBeGreaterThan(80);
  });

  it('are all compared, except those of which a reason says why not', () => {
    const needed = ALL.filter((said) => differenceOf(said) !== undefined).map(({ key }) => key);
    expect(Object.keys(NOT_COMPARED).sort()).toEqual(needed.sort());
    const known = ALL.map(({ key }) => key);
    expect(Object.keys(ELSEWHERE).filter((key) => !known.includes(key))).toEqual([]);
  });

  it('would not be right if they said something else', () => {
    const wrong: readonly Said[] = [
      { key: 'a', fallback: '1,001', folder: 'src/client', name: 'dwellMs' },
      { key: 'b', fallback: 'false', folder: 'src/client', name: 'escape' },
      { key: 'c', fallback: 'none', folder: 'src/client', name: 'dwellMs' },
      { key: 'd', fallback: '200, as for many', folder: 'src/proxy', name: 'perMinute' },
      { key: 'e', fallback: "['a', 'b']", folder: 'src/proxy', name: 'disable' },
    ];
    // Another port has it.
    const swapped = ALL.filter(({ key }) => key === 'DevOptions.upstreamPort');
    expect(swapped.map((said) => differenceOf({ ...said, fallback: '4400' }))).toEqual([
      expect.stringContaining('the code has [4401]'),
    ]);
    expect(wrong.map((said) => differenceOf(said)?.split(':', 1)[0])).toEqual(wrong.map(({ key }) => key));
  });

  it('are those of the code if they have several parts', () => {
    const textOf = (key: string) => ALL.find((said) => said.key === key)?.fallback;
    expect(textOf('TrackerOptions.delivery.longestPauseMs')).toBe(
      `${backoffMs(99, 0, 1) / 60_000} minutes, ${circuitMs(99) / 3_600_000} hours after a fault of the deployment; ` +
        'on localhost, 127.0.0.1 and [::1] 5,000',
    );
    const resolving = readFileSync('src/proxy/resolving.ts', 'utf8');
    const [grow, ingest] = ['baseUrl', 'usage.baseUrl'].map((name) =>
      textOf(`OfferProxyOptions.${name}`)?.replace('{', () => '${'),
    );
    expect(resolving).toContain(` baseUrl ?? ${grow}`);
    expect(resolving).toContain(` usage?.baseUrl ?? ${ingest}`);
    expect(readFileSync('src/client/later/page-delivery.ts', 'utf8')).toContain(
      'isLocal && { longestPauseMs: 5_000 }',
    );
    expect(readFileSync('src/proxy/forward/forwarding.ts', 'utf8')).toContain(
      'USAGE_PACE = { perMinute: 10_000, concurrent: 2 }',
    );
    expect(textOf('OfferProxyOptions.usage.pace')).toBe('10,000 events a minute, 2 calls at once');
    expect(readFileSync('src/proxy/operator/funnel.ts', 'utf8')).toContain('DEFAULT_DAYS = 30;');
    expect(textOf('funnel --since')).toBe('30 days before the last one');
  });
});
