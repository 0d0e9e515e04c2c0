/** Every flag of every command: what parsing needs of it, and what the reference says. The text of `--help` is held against it. */

/** One flag. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly says: string;
  /** What happens without it. */
  readonly fallback: string;
  readonly range: string;
  /** A value, as it stands behind the flag; empty for a flag without one. */
  readonly example: string;
}

/** By name. */
export type Flags = Readonly<Record<string, Flag>>;

const value = (says: string, fallback: string, range: string, example: string) =>
  ({ type: 'string', says, fallback, range, example }) as const;

const toggle = (says: string, fallback: string) =>
  ({ type: 'boolean', says, fallback, range: 'without a value', example: '' }) as const;

const INTAKE = {
  intake: value(
    'Where events are kept.',
    '`sqlite:offersight.db`',
    '`sqlite:FILE` or `redis://HOST:PORT`; for `proxy` also `direct`',
    'sqlite:/var/lib/offersight/intake.db',
  ),
} as const;
const LANE = {
  lane: value(
    'Which destination is meant.',
    '`offer_events`',
    '`offer_events` or `usage_events`',
    'usage_events',
  ),
} as const;
const SITE = {
  site: value(
    'The Chargebee site’s name.',
    'it has to be given',
    '1–63 letters, digits and dashes',
    'acme-test',
  ),
} as const;
const JSON_FLAG = { json: toggle('Prints the same as JSON.', 'text for people') } as const;
const OFFER = {
  offer: value('Only events of this offer.', 'all offers', 'a personalized offer’s `id`', 'a52ge40b'),
} as const;
const SIGNING_SECRET = {
  'signing-secret-file': value(
    'The file that has the secret of signed offers.',
    'the variable `OFFERSIGHT_SIGNING_SECRET`',
    'a file with at least 32 characters',
    '/run/secrets/signing',
  ),
} as const;
const ADMIN_TOKEN = {
  'admin-token-file': value(
    'The file that has the operators’ token.',
    'the variable `OFFERSIGHT_ADMIN_TOKEN`',
    'a file with at least 32 characters',
    '/run/secrets/admin',
  ),
} as const;
const API_KEY = {
  'api-key-file': value(
    'The file that has the API key.',
    'the variable `OFFERSIGHT_API_KEY`',
    'a file with the key as Chargebee shows it',
    '/run/secrets/api-key',
  ),
} as const;
const BASE_URL = {
  'base-url': value(
    'The origin of Chargebee’s API.',
    '`https://SITE.grow.chargebee.com`',
    'an https origin, or an http one on this machine',
    'http://127.0.0.1:4401',
  ),
} as const;
const PATH = {
  path: value('The endpoint’s path.', '`/offer-events`', 'a path', '/shop/offer-events'),
} as const;

const PORTS = '0 to 65535; 0 takes a free one';
const port = (says: string, fallback: string, example: string) => value(says, fallback, PORTS, example);
const count = (says: string, fallback: string, example: string, range = 'from 1') =>
  value(says, fallback, range, example);

/** By command. */
export const FLAGS = {
  dev: {
    port: port('The port to open pages at.', '4400', '5000'),
    'upstream-port': port('The port of the stand-in for Chargebee.', '4401', '5001'),
    'admin-port': port('The port of the operator’s page.', '4402, or a free one if that is taken', '5002'),
    ...PATH,
    lan: value(
      'One more address of this machine to listen at, for a phone.',
      'only this machine reaches it',
      'an IP address of this machine',
      '192.168.1.20',
    ),
    'any-id': toggle('Counts events of offers that the stand-in never made.', 'they are refused'),
    'upstream-only': toggle('Starts only the stand-in, without pages.', 'pages are served'),
  },
  doctor: {
    endpoint: value(
      'The endpoint, if the page does not name it.',
      'as the page says',
      'a path or a URL',
      '/offer-events',
    ),
    browser: value(
      'The Chromium to open the page with.',
      'one that is found',
      'the path of a program',
      '/usr/bin/chromium',
    ),
    'no-browser': toggle('Reads only what is served, without a browser.', 'a browser opens the page'),
    admin: value(
      'The proxy’s admin route, which is asked for alerts.',
      'it is not asked',
      'an https URL, or an http one on this machine',
      'http://127.0.0.1:8788/admin/',
    ),
    ...ADMIN_TOKEN,
    'check-key': toggle('Asks Chargebee whether it takes the API key.', 'it is not asked'),
    ...SITE,
    ...BASE_URL,
    ...API_KEY,
    lists: value(
      'A folder of filter lists.',
      'a small list of its own',
      'files that end in `.txt`',
      '.lists',
    ),
    ...JSON_FLAG,
  },
  proxy: {
    config: value(
      'The file of several sites; then no other flag is taken.',
      'one site, as the flags say',
      'a file as in [several sites](../several-sites.md)',
      '/etc/offersight/sites.json',
    ),
    ...INTAKE,
    ...LANE,
    ...API_KEY,
    ...ADMIN_TOKEN,
    ...SIGNING_SECRET,
    ...SITE,
    port: port('The port of the endpoint.', '8787', '9000'),
    host: value('The address to listen at.', '`127.0.0.1`', 'an address of this machine', '0.0.0.0'),
    ...PATH,
    origins: value(
      'This site’s own origins, for browsers that send no fetch metadata.',
      'none',
      'exact origins, between commas',
      'https://shop.example,https://www.shop.example',
    ),
    'per-minute': count('Most events in any 60 s.', '150', '1000'),
    concurrent: count('Most calls of Chargebee at once.', '10', '5'),
    'max-waiting': count('Most events that may wait; more are deferred.', '200000', '50000'),
    'max-delay-hours': count('How long an event may wait, hours.', '24', '12'),
    'trusted-hops': count('How many of your machines are before the proxy.', '0', '1', '0 to 16'),
    ...BASE_URL,
    'require-signed-offers': toggle('Takes only events of signed offers.', 'offers need no signature'),
    'log-ids': toggle('Names events and offers in the log.', 'the log names none'),
    'keep-alive-seconds': count('How long an idle connection is kept, seconds.', '5', '65', '1 to 3600'),
    'per-address': count(
      'Events of one address a minute.',
      'four times `--per-minute`, at least 600',
      '2000',
    ),
    'admin-port': port('A port for operators only.', 'operators ask at `--port`', '8788'),
    'admin-host': value(
      'The address of the operators’ port.',
      '`127.0.0.1`',
      'an address of this machine',
      '0.0.0.0',
    ),
    'admin-names': value(
      'Host names of the operator’s page beside localhost.',
      'none',
      'host names, between commas',
      'ops.example.com',
    ),
    machines: value(
      'Whether what crawlers and monitors see counts.',
      '`ignore`',
      '`ignore` or `count`',
      'count',
    ),
    groups: value(
      'The only groups that the funnel tells apart.',
      'any, within the next two flags',
      'names, between commas',
      'autumn-sale,home',
    ),
    'max-groups': count('Most groups in all.', '200', '1000', '1 to 10000'),
    'new-groups-a-day': count('Most new groups a day.', '50', '10', '1 to 10000'),
  },
  status: {
    ...INTAKE,
    ...LANE,
    follow: toggle('Draws how the lane drains, until nothing waits.', 'prints once'),
    ...JSON_FLAG,
    limit: count('Most offers that are named.', '20; with `--json` all', '100'),
  },
  funnel: {
    ...INTAKE,
    by: value('What a row stands for.', '`day`', '`day`, `group` or `day,group`', 'group'),
    group: value('Only events of this group.', 'all groups', 'a group', 'autumn-sale'),
    since: value('The first day.', '30 days before the last one', 'a UTC day', '2026-11-01'),
    until: value('The last day.', 'today', 'a UTC day', '2026-11-30'),
    ...JSON_FLAG,
    csv: toggle('Prints a table for spreadsheets.', 'text for people'),
  },
  events: {
    ...INTAKE,
    ...LANE,
    ...OFFER,
    since: value('Only events since then.', 'all', 'an ISO date or epoch milliseconds', '2026-11-01'),
  },
  'dead-letters': { ...INTAKE, ...LANE },
  purge: {
    ...INTAKE,
    ...LANE,
    waiting: toggle('Gives up what waits.', 'this or `--dead` has to be given'),
    dead: toggle('Gives up dead letters.', 'this or `--waiting` has to be given'),
    ...OFFER,
    yes: toggle('Gives them up.', 'counts them, and changes nothing'),
  },
  report: { ...INTAKE, ...SITE },
  sign: {
    offer: value('The offer to sign.', 'it has to be given', 'a personalized offer’s `id`', 'a52ge40b'),
    subject: value('Who may report of it.', 'whoever has the token', '1–128 characters', 'c-8f14e45f'),
    expires: value(
      'When the token ends.',
      'it has to be given',
      'an ISO date or epoch milliseconds',
      '2030-01-01',
    ),
    ...SIGNING_SECRET,
  },
  'inspect-link': {
    operator: value(
      'Where the operator’s page is.',
      'no links to it',
      'an address with a slash at the end',
      'https://ops.example/admin/',
    ),
    ...ADMIN_TOKEN,
  },
} as const satisfies Readonly<Record<string, Flags>>;
