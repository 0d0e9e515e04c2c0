/**
 * Every command with its flags, once: what each is for, what it may be, and what is so without it. The parser, `--help` and
 * the reference page are made of this.
 */
import * as z from 'zod/mini';
import { isGroup } from '../../protocol/group.js';
import { isSubject } from '../../protocol/subject.js';
import { isHostName } from '../operator/page/own-requests.js';
import { DAY, FUNNEL_BY, LANE_NAME, MOMENT, numeral } from '../operator/questions.js';
import { ranged } from '../settings/checking.js';
import {
  BOUNDS,
  GROUPS,
  LIMITS,
  MACHINES,
  ORIGINS,
  PACE,
  SITE_NAME,
  TRUSTED_HOPS,
  UPSTREAM,
} from '../settings/values.js';

/** One flag. */
export interface Flag<Schema extends z.ZodMiniType = z.ZodMiniType> {
  readonly schema: Schema;
  readonly says: string;
  /** What is so without it. */
  readonly otherwise: string;
  /** A value, as it follows the flag; empty for a flag without one. */
  readonly example: string;
  /** It chooses events: two values would look like one of both. */
  readonly isOnce?: true;
}

const flag = <Schema extends z.ZodMiniType>(
  schema: Schema,
  says: string,
  otherwise: string,
  example: string,
): Flag<Schema> => ({ schema, says, otherwise, example });

const once = <Schema extends z.ZodMiniType>(one: Flag<Schema>): Flag<Schema> => ({ ...one, isOnce: true });

const toggle = (says: string, otherwise: string): Flag<z.ZodMiniBoolean> =>
  flag(ranged(z.boolean(), 'without a value'), says, otherwise, '');

export const NEEDED = 'it has to be given';

const text = (range: string) => ranged(z.string().check(z.regex(/\S/)), range);
const file = (what: string) => text(`the path of a file with ${what}`);
const address = () => text('an address of this machine, such as 127.0.0.1');
const between = (least: number, most: number) =>
  ranged(z.number().check(z.minimum(least), z.maximum(most)), `a number from ${least} to ${most}`);
const port = () =>
  ranged(
    z.int().check(z.minimum(0), z.maximum(65_535)),
    'a whole number from 0 to 65535; 0 takes a free one',
  );
const names = (range: string, isName: (name: string) => boolean) =>
  ranged(z.array(z.string().check(z.refine(isName))), range);
const INTAKE_PLACE = '`sqlite:FILE`, `postgres://USER@HOST/DATABASE` or `postgres`';
const INTAKE = {
  intake: flag(
    text(`${INTAKE_PLACE}; for \`proxy\` also \`direct\``),
    'Where events are kept.',
    '`sqlite:offersight.db`',
    'sqlite:/var/lib/offersight/intake.db',
  ),
  postgresUrlFile: flag(
    file('the URL, which may hold a password'),
    'The URL of Postgres, for `--intake postgres`.',
    'the variable `OFFERSIGHT_POSTGRES_URL`',
    '/run/secrets/postgres',
  ),
  schema: flag(
    ranged(z.string().check(z.regex(/^[a-z][a-z0-9_]{0,49}$/)), '1 to 50 lower-case letters, digits and _'),
    'The schema in Postgres.',
    '`offersight`',
    'offersight_eu',
  ),
} as const;
const LANE = {
  lane: flag(LANE_NAME, 'Which destination is meant.', '`offer_events`', 'usage_events'),
} as const;
const SITE = { site: flag(SITE_NAME, 'The Chargebee site’s name.', NEEDED, 'acme-test') } as const;
const JSON_FLAG = { json: toggle('Prints the same as JSON.', 'text for people') } as const;
const OFFER_ID = text('the `id` of a personalized offer');
const OFFER = {
  offer: once(flag(OFFER_ID, 'Only events of this offer.', 'all offers', 'a52ge40b')),
} as const;
const SIGNING_SECRET = {
  signingSecretFile: flag(
    file('at least 32 characters'),
    'The secret of signed offers.',
    'the variable `OFFERSIGHT_SIGNING_SECRET`',
    '/run/secrets/signing',
  ),
} as const;
const ADMIN_TOKEN = {
  adminTokenFile: flag(
    file('at least 32 characters'),
    'The operators’ token.',
    'the variable `OFFERSIGHT_ADMIN_TOKEN`',
    '/run/secrets/admin',
  ),
} as const;
const API_KEY = {
  apiKeyFile: flag(
    file('the key as Chargebee shows it'),
    'The API key.',
    'the variable `OFFERSIGHT_API_KEY`',
    '/run/secrets/api-key',
  ),
} as const;
const BASE_URL = {
  baseUrl: flag(
    UPSTREAM,
    'The origin of Chargebee’s API.',
    '`https://SITE.grow.chargebee.com`',
    'http://127.0.0.1:4401',
  ),
} as const;
const PATH = {
  path: flag(
    ranged(z.string().check(z.regex(/^\/[A-Za-z0-9_./~-]*$/)), 'a path, such as /offer-events'),
    'The endpoint’s path.',
    '`/offer-events`',
    '/shop/offer-events',
  ),
} as const;
const LEDGER_DAYS = {
  ledgerDays: flag(BOUNDS.ledgerDays, 'How many days the funnel remembers.', '400', '800'),
} as const;

/** A command. */
export interface CommandOfLine {
  readonly says: string;
  /** What follows it beside flags, as commander writes it. */
  readonly operands?: string;
  readonly flags: Readonly<Record<string, Flag>>;
}

/** Every command, by its name. */
export const COMMANDS = {
  dev: {
    says: 'Tries your pages against a mock of Chargebee’s API, without an account.',
    operands: '[folder|URL]',
    flags: {
      port: flag(port(), 'The port to open pages at.', '4400', '5000'),
      upstreamPort: flag(port(), 'The port of the mock API.', '4401', '5001'),
      adminPort: flag(
        port(),
        'The port of the operator’s page.',
        '4402, or a free one if that is taken',
        '5002',
      ),
      ...PATH,
      lan: flag(
        address(),
        'One more address of this machine to listen at, for a phone.',
        'only this machine reaches it',
        '192.168.1.20',
      ),
      anyId: toggle('Counts events of offers that the mock API never made.', 'they are refused'),
      upstreamOnly: toggle('Starts only the mock API, without pages.', 'pages are served'),
    },
  },
  doctor: {
    says: 'Says what is wrong between a page and Chargebee; reports no event. Ends with 0 if nothing is wrong, 1 if something is, 2 if it could not look.',
    operands: '<URL>',
    flags: {
      endpoint: flag(
        text('a path or a URL, such as /offer-events'),
        'The endpoint, if the page does not name it.',
        'as the page says',
        '/offer-events',
      ),
      browser: flag(
        file('a program'),
        'The Chromium to open the page with.',
        'one that is found',
        '/usr/bin/chromium',
      ),
      noBrowser: toggle('Reads only what is served, without a browser.', 'a browser opens the page'),
      admin: flag(
        text('an https URL, or an http one on this machine'),
        'The proxy’s admin route, which is asked for alerts.',
        'it is not asked',
        'http://127.0.0.1:8788/admin/',
      ),
      ...ADMIN_TOKEN,
      checkKey: toggle('Asks Chargebee whether it takes the API key.', 'it is not asked'),
      ...SITE,
      ...BASE_URL,
      ...API_KEY,
      maxSeconds: flag(
        between(10, 600),
        'How long a run may take. Each step gets its share, so give more on a busy machine or for a slow page.',
        '30',
        '90',
      ),
      lists: flag(
        text('a folder with files that end in `.txt`'),
        'A folder of filter lists.',
        'a small list of its own',
        '.lists',
      ),
      ...JSON_FLAG,
    },
  },
  proxy: {
    says: 'Serves the endpoint and forwards to Chargebee.',
    flags: {
      ...SITE,
      ...INTAKE,
      ...API_KEY,
      ...ADMIN_TOKEN,
      ...SIGNING_SECRET,
      port: flag(port(), 'The port of the endpoint.', '8787', '9000'),
      host: flag(address(), 'The address to listen at.', '`127.0.0.1`', '0.0.0.0'),
      ...PATH,
      origins: flag(
        ORIGINS,
        'This site’s own origins, between commas, for browsers that send no fetch metadata.',
        'none',
        'https://shop.example,https://www.shop.example',
      ),
      perMinute: flag(PACE.perMinute, 'Most events in any 60 s.', '150', '1000'),
      concurrent: flag(PACE.concurrent, 'Most calls of Chargebee at once.', '10', '5'),
      maxWaiting: flag(BOUNDS.maxWaiting, 'Most events that may wait; more are deferred.', '200000', '50000'),
      maxDelayHours: flag(
        ranged(
          z.number().check(z.minimum(1)),
          'a number from 1, and at least a day less than `--ledger-days`',
        ),
        'How long an event may wait, hours.',
        '24',
        '12',
      ),
      trustedHops: flag(TRUSTED_HOPS, 'How many of your machines are before the proxy.', '0', '1'),
      ...BASE_URL,
      requireSignedOffers: toggle('Takes only events of signed offers.', 'offers need no signature'),
      logIds: toggle('Names events and offers in the log.', 'the log names none'),
      keepAliveSeconds: flag(between(1, 3_600), 'How long an idle connection is kept, seconds.', '5', '65'),
      drainSeconds: flag(
        between(0, 3_600),
        'How long requests are still taken after SIGTERM, while `/readyz` answers 503, seconds.',
        '5',
        '15',
      ),
      perAddress: flag(
        LIMITS.perAddress,
        'Events of one address a minute.',
        'four times `--per-minute`, at least 600',
        '2000',
      ),
      adminPort: flag(port(), 'A port for operators only.', 'operators ask at `--port`', '8788'),
      adminHost: flag(address(), 'The address of the operators’ port.', '`127.0.0.1`', '0.0.0.0'),
      adminNames: flag(
        names('host names without scheme and port, such as ops.example.com,ops.example.org', isHostName),
        'Host names of the operator’s page beside localhost, between commas.',
        'none',
        'ops.example.com',
      ),
      machines: flag(MACHINES, 'Whether what crawlers and monitors see counts.', '`ignore`', 'count'),
      groups: flag(
        GROUPS,
        'The only groups that the funnel keeps apart, between commas.',
        'the first 200 that pages name',
        'autumn-sale,home',
      ),
      ...LEDGER_DAYS,
    },
  },
  status: {
    says: 'Prints figures of groups, offers and lanes.',
    flags: {
      ...INTAKE,
      lane: { ...LANE.lane, says: 'Which destination --follow draws.' },
      follow: toggle('Draws how the lane drains, until nothing waits.', 'prints once'),
      ...JSON_FLAG,
      limit: flag(numeral(), 'Most offers that are named.', '20; with `--json` all', '100'),
      page: flag(numeral(), 'Which page of offers, each of `--limit`.', '1', '2'),
      since: flag(
        MOMENT,
        'Only offers and groups of events that were taken since then.',
        'all offers that are remembered, and groups of 30 days',
        '2026-11-01',
      ),
    },
  },
  funnel: {
    says: 'Prints offers seen, closed and accepted, day by day.',
    flags: {
      ...INTAKE,
      by: flag(FUNNEL_BY, 'What a row stands for.', '`day`', 'group'),
      group: flag(text('a group'), 'Only events of this group.', 'all groups', 'autumn-sale'),
      since: flag(DAY, 'The first day.', '30 days before the last one', '2026-11-01'),
      until: flag(DAY, 'The last day.', 'today', '2026-11-30'),
      ...JSON_FLAG,
      csv: toggle('Prints a table for spreadsheets.', 'text for people'),
    },
  },
  events: {
    says: 'Prints events as JSON lines, newest first.',
    flags: {
      ...INTAKE,
      ...LANE,
      ...OFFER,
      since: flag(MOMENT, 'Only events since then.', 'all', '2026-11-01'),
    },
  },
  'dead-letters': {
    says: 'Prints what Chargebee refused, as JSON lines (list, export), or lets it wait again (retry).',
    operands: '<list|export|retry> [IDs...]',
    flags: {
      ...INTAKE,
      ...LANE,
      offer: { ...OFFER.offer, says: 'Only dead letters of this offer.' },
      since: flag(MOMENT, 'Only dead letters of events that were taken since then.', 'all', '2026-11-01'),
    },
  },
  purge: {
    says: 'Gives events up for good; without --yes it counts them.',
    flags: {
      ...INTAKE,
      ...LANE,
      waiting: toggle('Gives up what waits.', 'this or `--dead` has to be given'),
      dead: toggle('Gives up dead letters.', 'this or `--waiting` has to be given'),
      ...OFFER,
      visitor: once(
        flag(
          text('a user as the `subject` hook gives it, or an address'),
          'Only events of this visitor, with `--waiting`.',
          'all visitors',
          '203.0.113.9',
        ),
      ),
      yes: toggle('Gives them up.', 'counts them, and changes nothing'),
    },
  },
  report: {
    says: 'Takes events that your own programs saw, as JSON lines: name, type, personalized_offer_id, group. The file - is standard input.',
    operands: '<file>',
    flags: { ...INTAKE, ...SITE, ...LEDGER_DAYS },
  },
  sign: {
    says: 'Prints a token for data-offer-token.',
    flags: {
      offer: flag(OFFER_ID, 'The offer to sign.', NEEDED, 'a52ge40b'),
      subject: flag(
        ranged(z.custom<string>(isSubject), '1 to 128 characters of A–Z a–z 0–9 _ . : ~ -'),
        'Who may report of it.',
        'everybody who has the token',
        'c-8f14e45f',
      ),
      group: flag(
        ranged(
          z.custom<string>(isGroup),
          '1 to 50 characters of A–Z a–z 0–9 _ . : / ~ -, the first a letter or a digit',
        ),
        'The group that the page gives to the offer.',
        'any group that the page gives',
        'autumn-sale',
      ),
      expires: flag(MOMENT, 'When the token ends.', NEEDED, '2030-01-01'),
      ...SIGNING_SECRET,
    },
  },
  'inspect-link': {
    says: 'Prints a link that opens the inspector on that page for an hour.',
    operands: '<URL>',
    flags: {
      operator: flag(
        text('an address with a slash at the end'),
        'Where the operator’s page is.',
        'no links to it',
        'https://ops.example/admin/',
      ),
      ...ADMIN_TOKEN,
    },
  },
} as const satisfies Readonly<Record<string, CommandOfLine>>;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** What flags of a command say; a flag that was left out has no value, not even its default. */
export type Values<Name extends CommandName> = {
  readonly [Key in keyof (typeof COMMANDS)[Name]['flags']]?: (typeof COMMANDS)[Name]['flags'][Key] extends Flag<
    infer Schema
  >
    ? Exclude<z.output<Schema>, undefined>
    : never;
};

/** A flag as it is written, from its name here: `perMinute` is `--per-minute`. */
export const written = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The intake of every command that is given no other. */
export const DEFAULT_INTAKE = 'sqlite:offersight.db';

/** The lane of every command that is given no other. */
export const DEFAULT_LANE = 'offer_events';
