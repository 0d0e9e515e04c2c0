/** What the command line says of what is wrong before it opens anything: one line, which never repeats what could be a secret. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PREFIX, runCommandLine } from '../../../src/proxy/cli/command-line.js';
import { wordsOf } from '../../../src/proxy/cli/failure.js';
import { temporaryFolder } from '../../support/intake.js';

const SHORT = 'short-but-secret';

type Row = [what: string, args: readonly string[], words: RegExp, env?: Readonly<Record<string, string>>];

const folder = temporaryFolder();
const file = join(folder.path, 'refused.db');

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** What standard error has of a command that is refused. */
const saidOf = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  let said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  for (const [name, value] of Object.entries({ OFFERSIGHT_API_KEY: 'test_key', ...env }))
    vi.stubEnv(name, value);
  const cause = await runCommandLine(args).then(
    () => expect.fail('it was not refused'),
    (each: unknown) => each,
  );
  return cause instanceof CommanderError ? said : `${PREFIX}${wordsOf(cause)}\n`;
};

const PROXY = ['proxy', '--site', 'offersight-test', '--port', '0', '--intake', `sqlite:${file}`];

describe('offersight proxy is refused, and leaves no file behind, for', () => {
  it.each<Row>([
    [
      'a misspelt flag',
      ['--trusted-hop', '1'],
      /Unknown option --trusted-hop\. Did you mean --trusted-hops\?/,
    ],
    [
      'a negative number in place of a value',
      ['--trusted-hops', '-1'],
      /Set --trusted-hops to a whole number from 0 to 16/,
    ],
    ['a flag of another command', ['--offer', 'a'], /Unknown option --offer\b/],
    ['a flag without its value', ['--base-url'], /Option --base-url argument missing/],
    ['no site', ['--site', ''], /Set --site to the name/],
    ['a site that is an address', ['--site', 'https://acme.example'], /Set --site to the name/],
    ['a port that is not a number', ['--port', 'http'], /Set --port to a/],
    ['a port beyond the last', ['--port', '70000'], /Set --port to a/],
    [
      'a base URL without TLS',
      ['--base-url', 'http://upstream.example'],
      /Set --base-url to an https origin/,
    ],
    ['a group with a space', ['--groups', 'spring sale'], /Set --groups to names/],
    ['an endpoint that is not a path', ['--path', 'offer-events'], /Set --path to a path/],
    ['an origin with a path', ['--origins', 'https://shop.example/cart'], /Set --origins to exact origins/],
    ['no key', [], /Set OFFERSIGHT_API_KEY or OFFERSIGHT_API_KEY_FILE\./, { OFFERSIGHT_API_KEY: '' }],
    ...[
      ['by a flag', ['--api-key-file', `/nowhere/${SHORT}`], {}] as const,
      ['by a variable', [], { OFFERSIGHT_API_KEY_FILE: `/nowhere/${SHORT}` }] as const,
    ].map(
      ([how, args, env]): Row => [
        `a file of the key that is named ${how} and is not there`,
        args,
        /The file that should have OFFERSIGHT_API_KEY cannot be read: check its path and permissions\./,
        env,
      ],
    ),
    [
      'a variable that is wrong',
      [],
      /Set OFFERSIGHT_PER_MINUTE to a whole number/,
      { OFFERSIGHT_PER_MINUTE: SHORT },
    ],
    [
      'a variable that is neither on nor off',
      [],
      /Set OFFERSIGHT_LOG_IDS to true or false/,
      { OFFERSIGHT_LOG_IDS: SHORT },
    ],
    ['a secret as an argument', ['--api-key', SHORT], /Secrets are not taken as arguments/],
    ['the same port twice', ['--port', '9', '--admin-port', '9'], /different ports/],
    ['an empty host', ['--host', ''], /Set --host to an address/],
    ['an empty port of operators', ['--admin-port', ''], /Set --admin-port to a whole number/],
    ['an empty host of operators', ['--admin-port', ':8788'], /Set --admin-port to a whole number/],
    [
      'a port of operators beyond the last',
      ['--admin-port', '0.0.0.0:70000'],
      /Set --admin-port to a whole number/,
    ],
    ['names of a page that is not apart', ['--admin-names', 'ops.example'], /Set --admin-port too/],
    [
      'too long a time',
      ['--keep-alive-seconds', '1e9'],
      /Set --keep-alive-seconds to a number from 1 to 3600/,
    ],
  ])('%s', async (_, args, words, env) => {
    const said = await saidOf([...PROXY, ...args], env);
    expect(said).toMatch(words);
    expect(said).toMatch(/^offersight: [A-Z].+\n$/);
    expect(said).not.toContain(SHORT);
    expect(existsSync(file)).toBe(false);
  });
});

describe('a command is refused for', () => {
  it.each<Row>([
    [
      'a name that is nearly one',
      ['statuss'],
      /^offersight: Unknown command\. Did you mean status\? See offersight --help\.$/,
    ],
    ['a secret in place of a name', [SHORT], /^offersight: Unknown command\. See offersight --help\.$/],
    ['no site of a proxy', ['proxy', '--intake', `sqlite:${file}`], /Set --site to the name/],
    ['no site of a report', ['report', '/dev/null'], /Set --site to the name/],
    ['no end of a token', ['sign', 'a52ge40b'], /Set --expires to an ISO date/],
    ['no offer of a token', ['sign', '--expires', '2030-01-01'], /Missing required argument offer\./],
    ['no secret of a token', ['sign', 'a52ge40b', '--expires', '2030-01-01'], /at least 32 characters/],
    ['a group that is none', ['sign', 'a52ge40b', '--group', 'a b'], /Set --group to 1 to 50 characters/],
    ['a file that is not there', ['events', '--intake', `sqlite:${file}`], /There is no intake at/],
    ...['mysql', `mysql://shop:${SHORT}@db/shop`, 'postgre://db/shop', 'offers.db'].map(
      (intake): Row => [
        `an intake that is none: ${intake}`,
        ['status', '--intake', intake],
        /Set --intake to sqlite:FILE, postgres:\/\/USER@HOST\/DATABASE, postgres or, only for the proxy, direct\.$/,
      ],
    ),
    ...[
      `a:${SHORT}@db/shop`,
      `:${SHORT}@db/shop`,
      `a:${SHORT}/with@db/shop`,
      `db/shop?user=a&password=${SHORT}`,
    ].map(
      (rest): Row => [
        `a password as an argument: ${rest}`,
        ['status', '--intake', `postgres://${rest}`],
        /set --intake postgres, and the URL in OFFERSIGHT_POSTGRES_URL or OFFERSIGHT_POSTGRES_URL_FILE/,
      ],
    ),
    ['no URL of Postgres', ['status', '--intake', 'postgres'], /Set OFFERSIGHT_POSTGRES_URL or/],
    [
      'a URL that is not of Postgres',
      ['status', '--intake', 'postgres'],
      /Set OFFERSIGHT_POSTGRES_URL or OFFERSIGHT_POSTGRES_URL_FILE to a URL/,
      { OFFERSIGHT_POSTGRES_URL: 'mysql://db/shop' },
    ],
    [
      'a schema that Postgres cannot have',
      ['status', '--intake', 'postgres://a@db/shop?schema=A b'],
      /Set \?schema= of the URL to at most 50/,
    ],
    [
      'a file in a folder that is not there',
      ['status', '--intake', 'sqlite:/nowhere/intake.db'],
      /There is no intake at \/nowhere\/intake\.db: name its file/,
    ],
    ['no time', ['events', '--since', 'yesterday'], /Set --since to an ISO date or epoch milliseconds\./],
    ['no lane', ['events', '--lane', 'offers'], /Set --lane to offer_events or usage_events\./],
    ['no action', ['dead-letters'], /Missing required argument list\|export\|retry\./],
    [
      'another action',
      ['dead-letters', 'purge'],
      /Say what to do: offersight dead-letters list, export or retry\./,
    ],
    ['no day', ['funnel', '--since', 'yesterday'], /Set --since to a UTC day/],
    ['a sum that is none', ['funnel', '--by', 'week'], /Set --by to day, group/],
    ['two forms at once', ['funnel', '--json', '--csv'], /either --json or --csv/],
  ])('%s', async (_, args, words, env) => {
    const said = (await saidOf(args, env)).trimEnd();
    expect(said).toMatch(words);
    expect(said).not.toContain(SHORT);
    expect(existsSync(file)).toBe(false);
  });
});
