/** What the configuration file of several sites may contain, and how its faults are named. */
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfiguration } from '../../../src/proxy/cli/config-file.js';
import { configSchema } from '../../../src/proxy/cli/config-schema.js';
import { flagOf, PROCESS, SITE } from '../../../src/proxy/cli/settings.js';
import { checkSiteValues } from '../../../src/proxy/cli/site-options.js';
import { temporaryFolder } from '../../support/intake.js';

let folder: ReturnType<typeof temporaryFolder>;
let at: (name: string) => string;

beforeEach(() => {
  folder = temporaryFolder();
  at = (name) => join(folder.path, name);
  writeFileSync(at('key'), 'test_of_this_site');
});

afterEach(() => folder.remove());

const siteOf = (name: string, more: object = {}) => ({
  site: name,
  hosts: [`${name}.example`],
  intake: `sqlite:${at(`${name}.db`)}`,
  apiKeyFile: at('key'),
  ...more,
});

const read = (content: unknown) => {
  writeFileSync(at('config.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return readConfiguration(at('config.json'), checkSiteValues);
};

/** Every fault, or the whole message if it has only one line. */
const faultsOf = (content: unknown): string[] => {
  try {
    read(content);
    return [];
  } catch (cause) {
    const [head = '', ...faults] = (cause as Error).message.split('\n');
    return faults.length ? faults.map((fault) => fault.trim()) : [head.replace(folder.path, '')];
  }
};

describe('the schema in the package', () => {
  it('is made from the declarations that check flags and the file', () => {
    const shipped: unknown = JSON.parse(readFileSync('offersight.config.schema.json', 'utf8'));
    expect(shipped).toEqual(JSON.parse(JSON.stringify(configSchema())));
  });

  it('is packed and may be imported', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { files: string[]; exports: object };
    expect(manifest.files).toContain('offersight.config.schema.json');
    expect(Object.keys(manifest.exports)).toContain('./offersight.config.schema.json');
  });

  it('has every setting that the help names as a flag of the proxy', () => {
    const help = readFileSync('src/proxy/cli/main.ts', 'utf8');
    const missing = [...Object.entries(PROCESS), ...Object.entries(SITE)].flatMap(([name, setting]) =>
      'isInFileOnly' in setting || help.includes(`--${flagOf(name)}`) ? [] : [flagOf(name)],
    );
    expect(missing).toEqual([]);
  });
});

describe('a file of two sites', () => {
  it('gives each site its settings, under the proxy’s own names', () => {
    const { process, sites } = read({
      $schema: './offersight.config.schema.json',
      port: 80,
      sites: [siteOf('One', { hosts: ['ONE.example'], perMinute: 7 }), siteOf('two', { logIds: true })],
    });
    expect(process).toEqual({ port: 80 });
    expect(sites.map(({ name, hosts, path, logIds }) => [name, [...hosts], path, logIds])).toEqual([
      ['one', ['one.example'], '/offer-events', false],
      ['two', ['two.example'], '/offer-events', true],
    ]);
    expect(sites[0]?.proxy).toMatchObject({ apiKey: 'test_of_this_site', pace: { perMinute: 7 } });
  });

  it('gives the intake of each site its bounds', () => {
    const bounds = { maxWaiting: 9, ledgerDays: 60 };
    const { sites } = read({ sites: [siteOf('one', { ...bounds, maxDelayHours: 2 }), siteOf('two')] });
    expect(sites[0]?.bounds).toEqual({ ...bounds, maxDelayMs: 7_200_000 });
    expect(sites[1]?.bounds).toEqual({});
  });

  it.each<[string, (one: object, two: object) => object, string[]]>([
    ['has no sites', () => ({}), ['sites: Set it to a list of at least one site.']],
    ['has a string for a site', () => ({ sites: ['one'] }), ['sites[0]: Set it to an object, in braces.']],
    [
      'has a value of another kind',
      (one, two) => ({ sites: [{ ...one, logIds: 'yes', groups: 'a,b' }, two] }),
      ['sites[0].logIds: Set it to true or false.', 'sites[0].groups: Set it to a list, in brackets.'],
    ],
    [
      'has names of Object.prototype',
      (one, two) => ({ constructor: 1, sites: [one, { ...two, toString: 'x' }] }),
      ['constructor: There is no such setting.', 'sites[1].toString: There is no such setting.'],
    ],
    [
      'has a fault that only creating the proxy finds',
      (one, two) => ({ sites: [one, { ...two, baseUrl: 'http://upstream.example' }] }),
      ['sites[1].baseUrl: Set it to an https origin.'],
    ],
    [
      'has one site twice',
      (one, two) => ({ sites: [one, { ...two, site: 'ONE' }] }),
      ['sites[1].site: sites[0] is this Chargebee site: give each site one entry.'],
    ],
    [
      'has one host at two sites, spelt in two ways',
      (one, two) => ({ sites: [one, { ...two, hosts: ['other.example', 'ONE.Example'] }] }),
      ['sites[1].hosts[1]: sites[0] has this host: a request could not choose between them.'],
    ],
    [
      'has two sites without hosts and with the same path',
      (one, two) => ({
        sites: [
          { ...one, hosts: [] },
          { ...two, hosts: [] },
        ],
      }),
      ['sites[1].path: sites[0] has this path: give each site without hosts a path of its own, or hosts.'],
    ],
    [
      'has a site with hosts at the path of one without',
      (one, two) => ({ sites: [{ ...one, hosts: [] }, two] }),
      ['sites[1].path: A site without hosts has this path: a request could not choose between them.'],
    ],
    [
      'has one database of Postgres for both, spelt in two ways',
      (one, two) => ({
        sites: [
          { ...one, intake: 'postgres://localhost/shop' },
          { ...two, intake: 'postgresql://u@LOCALHOST:5432/shop' },
        ],
      }),
      ['sites[1].intake: sites[0] has this intake: give each site its own file, or schema in Postgres.'],
    ],
    [
      'has hosts for operators, and no listener for them',
      (one, two) => ({ adminHost: '0.0.0.0', sites: [{ ...one, adminNames: ['ops.example'] }, two] }),
      [
        'adminHost: Set adminPort too: this is where that one listens.',
        'sites[0].adminNames: Set adminPort too: the operator’s page is on a listener of its own.',
      ],
    ],
    [
      'has a host of the shop for operators',
      (one, two) => ({
        adminPort: 8_788,
        sites: [one, { ...two, adminNames: ['ops.example', 'One.Example'] }],
      }),
      [
        'sites[1].adminNames[1]: It is in hosts too: scripts on pages of the shop could act in an operator’s name.',
      ],
    ],
    [
      'has one port for pages and operators',
      (one, two) => ({ adminPort: 8_787, sites: [one, two] }),
      ['adminPort: Set it to another port than port.'],
    ],
  ])('is refused if it %s, and its faults are named by path', (_, contentOf, faults) => {
    expect(faultsOf(contentOf(siteOf('one'), siteOf('two')))).toEqual(faults);
  });

  it('is refused with every fault at once, those that only secrets and the proxy show included', () => {
    const { apiKeyFile: _, ...keyless } = siteOf('one');
    writeFileSync(at('short'), 'short secret');
    expect(
      faultsOf({
        sites: [
          {
            ...keyless,
            apiKeyVariable: 'NO_SUCH_KEY',
            baseUrl: 'https://upstream.example/#x',
            origins: ['https://shop.example/'],
            groups: ['a', 'undefined'],
          },
          siteOf('two', {
            hosts: ['one.example'],
            perMinute: 'many',
            apiKeyFile: at('short'),
            requireSignedOffers: true,
            signingSecretFile: at('short'),
          }),
        ],
      }),
    ).toEqual([
      'sites[0].origins[0]: Set it to an exact origin, such as https://shop.example, without a path.',
      'sites[1].perMinute: Set it to a whole number of at least 1.',
      'sites[1].hosts[0]: sites[0] has this host: a request could not choose between them.',
      'sites[0].apiKeyVariable: This variable is not set.',
      'sites[0].baseUrl: Set it to only an origin, without a user, path, query or hash.',
      expect.stringMatching(/^sites\[0\]\.groups: Set it to a list of names with 1 to 50 characters/),
      expect.stringMatching(/^sites\[1\]\.apiKeyFile: Set apiKey to the whole key/),
      'sites[1].signingSecretFile: Sign offers with a random secret of at least 32 characters.',
    ]);
  });

  it('is refused for a value of another kind without a fault that only follows from it', () => {
    expect(
      faultsOf({
        adminPort: 'x',
        adminHost: '127.0.0.1',
        sites: [
          siteOf('one', { hosts: 'one.example', adminNames: ['ops.example'] }),
          siteOf('two', { hosts: [], path: 'x', intake: 'memory', schema: 'eu' }),
          {
            site: 'three',
            path: '/three',
            intake: 'direct',
            apiKeyVariable: 1,
            requireSignedOffers: true,
            signingSecretVariable: 1,
          },
          'four',
        ],
      }),
    ).toEqual([
      expect.stringContaining('adminPort: Set it to a whole number'),
      'sites[0].hosts: Set it to a list, in brackets.',
      expect.stringContaining('sites[1].intake: Set it to sqlite:FILE'),
      'sites[1].path: Set it to a path, such as /offer-events.',
      'sites[2].apiKeyVariable: Set it to the name of an environment variable, such as ACME_KEY.',
      'sites[2].signingSecretVariable: Set it to the name of an environment variable, such as ACME_KEY.',
      'sites[3]: Set it to an object, in braces.',
    ]);
  });

  it('is refused if both sites name one intake, by a link or before the file exists', () => {
    symlinkSync(folder.path, at('link'));
    const fault =
      'sites[1].intake: sites[0] has this intake: give each site its own file, or schema in Postgres.';
    const sites = () => [siteOf('one'), siteOf('two', { intake: `sqlite:${at('link')}/one.db` })];
    expect(faultsOf({ sites: sites() })).toEqual([fault]);
    writeFileSync(at('one.db'), '');
    expect(faultsOf({ sites: sites() })).toEqual([fault]);
    const direct = { intake: 'direct' };
    expect(faultsOf({ sites: [siteOf('one', direct), siteOf('two', direct)] })).toEqual([]);
  });

  it('is refused with the line if it is not JSON, and with its name if it does not exist', () => {
    expect(faultsOf('{\n  "sites": [\n  }\n')).toEqual([
      expect.stringMatching(
        /^The file \/config\.json is not JSON: check commas and quotes( near line 3)?\.$/,
      ),
    ]);
    expect(faultsOf('[]')).toEqual(['The file /config.json has to be one object, in braces, with sites.']);
    expect(() => readConfiguration(at('none.json'), checkSiteValues)).toThrow('cannot be read');
  });

  it('is refused if it names Postgres without saying where its URL is, or an invalid schema', () => {
    const intake = 'postgres://offersight@db.internal/shop';
    const shared = [siteOf('one', { intake, schema: 'Offers' }), siteOf('two', { intake })];
    expect(faultsOf({ sites: shared })).toEqual([
      'sites[0].schema: Set it to lower-case letters, digits and _, such as offersight_eu.',
    ]);
    expect(faultsOf({ sites: [siteOf('one', { intake: 'postgres' })] })).toEqual([
      'sites[0].postgresUrlFile: Set it to the file with the URL of Postgres, or set postgresUrlVariable.',
    ]);
  });

  it('is refused if it has a password in it, which the message does not show, or an intake that is not known', () => {
    expect(
      faultsOf({
        sites: [
          siteOf('one', { intake: 'mysql://:secret@db/shop' }),
          siteOf('two', { intake: 'postgres://a:secret@db/shop', path: '/two' }),
          siteOf('three', { intake: 'mysql', path: '/three' }),
        ],
      }),
    ).toEqual([
      'sites[0].intake: Set it to sqlite:FILE, postgres://USER@HOST/DATABASE, postgres or direct.',
      'sites[2].intake: Set it to sqlite:FILE, postgres://USER@HOST/DATABASE, postgres or direct.',
      'sites[1].intake: A password is not taken here: set it to postgres, and the URL in postgresUrlFile.',
    ]);
  });

  it('lets sites share a database in Postgres if each has a schema of its own', () => {
    const intake = 'postgres://offersight@db.internal/shop';
    const sites = (schema: string) => [
      siteOf('one', { intake }),
      siteOf('two', { intake, schema, path: '/two' }),
    ];
    expect(read({ sites: sites('eu') }).sites[1]?.place).toMatchObject({ intake, schema: 'eu' });
    expect(faultsOf({ sites: sites('offersight') })).toEqual([
      'sites[1].intake: sites[0] has this intake: give each site its own file, or schema in Postgres.',
    ]);
  });

  it('is refused if both sites have the URL of one schema in a file or a variable', () => {
    writeFileSync(at('url'), 'postgres://offersight@db.internal/shop\n');
    vi.stubEnv('SHOP_DATABASE', 'postgres://other@DB.internal:5432/shop');
    const sites = (schema?: string) => [
      siteOf('one', { intake: 'postgres', postgresUrlFile: at('url') }),
      siteOf('two', {
        intake: 'postgres',
        postgresUrlVariable: 'SHOP_DATABASE',
        path: '/two',
        ...(schema && { schema }),
      }),
    ];
    expect(faultsOf({ sites: sites() })).toEqual([
      'sites[1].intake: sites[0] has this intake: give each site its own file, or schema in Postgres.',
    ]);
    expect(faultsOf({ sites: sites('eu') })).toEqual([]);
    vi.unstubAllEnvs();
  });

  it('is refused if a site has a schema that only Postgres would use', () => {
    const refused = [
      'sites[0].schema: Only an intake in Postgres has a schema: give sqlite:FILE another file.',
    ];
    expect(faultsOf({ sites: [siteOf('one', { schema: 'eu' })] })).toEqual(refused);
    const intake = 'postgres://shop@db.internal/shop';
    expect(read({ sites: [siteOf('one', { intake, schema: 'eu' })] }).sites[0]?.place).toMatchObject({
      schema: 'eu',
    });
  });

  it('is refused if both sites have one admin token, in a file or a variable', () => {
    const token = 'an admin token of 32 characters or more';
    writeFileSync(at('token'), `${token}\n`);
    vi.stubEnv('ADMIN_TOKEN', token);
    const sites = (more: object) => [
      siteOf('one', { adminTokenFile: at('token') }),
      siteOf('two', { path: '/two', ...more }),
    ];
    const words =
      'sites[0] has this token: give each site its own, or operators of one could act for the other.';
    expect(faultsOf({ sites: sites({ adminTokenFile: at('token') }) })).toEqual([
      `sites[1].adminTokenFile: ${words}`,
    ]);
    expect(faultsOf({ sites: sites({ adminTokenVariable: 'ADMIN_TOKEN' }) })).toEqual([
      `sites[1].adminTokenVariable: ${words}`,
    ]);
    vi.stubEnv('ADMIN_TOKEN', `${token}!`);
    expect(faultsOf({ sites: sites({ adminTokenVariable: 'ADMIN_TOKEN' }) })).toEqual([]);
    expect(faultsOf({ sites: [siteOf('one'), siteOf('two')] })).toEqual([]);
    vi.unstubAllEnvs();
  });

  it('is refused if it gives a secret twice or not at all, even if the environment has one', () => {
    process.env.OFFERSIGHT_API_KEY = 'test_of_nobody_here';
    try {
      const { apiKeyFile: _, ...keyless } = siteOf('one');
      expect(faultsOf({ sites: [keyless, siteOf('two', { apiKeyVariable: 'OFFERSIGHT_API_KEY' })] })).toEqual(
        [
          'sites[0].apiKeyFile: Set it to the file with the API key, or set apiKeyVariable.',
          'sites[1].apiKeyVariable: Leave it out, or apiKeyFile.',
        ],
      );
      expect(
        read({ sites: [{ ...keyless, apiKeyVariable: 'OFFERSIGHT_API_KEY' }] }).sites[0]?.proxy.apiKey,
      ).toBe('test_of_nobody_here');
    } finally {
      delete process.env.OFFERSIGHT_API_KEY;
    }
  });
});
