/**
 * Every command with its flags, once: what each is for, what it may be, and what is so without it. The parser, `--help`, the
 * names of variables and the reference page are made of this.
 */
import * as z from 'zod/mini';
import { isGroup } from '../../protocol/group.js';
import { isSubject } from '../../protocol/subject.js';
import { isHostName } from '../operator/page/own-requests.js';
import { DAY, FUNNEL_BY, LANE_NAME, MOMENT } from '../operator/questions.js';
import { ranged, setting } from '../settings/checking.js';
import { BOUNDS, LIMITS, NEEDED, PACE, SHARED } from '../settings/values.js';

/** Where the command line listens, and where `/offer-events` is, if nothing is said. */
const LOOPBACK = '127.0.0.1';

const toggle = (says: string, otherwise: string) =>
  setting(z._default(ranged(z.boolean(), 'true or false, as a flag without a value'), false), says, '', {
    otherwise,
  });
const text = (range: string) => ranged(z.string().check(z.regex(/\S/)), range);
const address = () => text('an address of this machine, such as 127.0.0.1');
const seconds = (least: number, most: number, otherwise: number) =>
  z._default(
    ranged(z.number().check(z.minimum(least), z.maximum(most)), `a number from ${least} to ${most}`),
    otherwise,
  );
const PORTS = 'a whole number from 0 to 65535; 0 takes a free one';
const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65_535;
const port = () => ranged(z.number().check(z.refine(isPort)), PORTS);
const path = () =>
  setting(
    z._default(
      ranged(z.string().check(z.regex(/^\/[A-Za-z0-9_./~-]*$/)), 'a path, such as /offer-events'),
      '/offer-events',
    ),
    'The endpoint’s path.',
    '/shop/offer-events',
  );

/** `8788`, or `0.0.0.0:8788`, or `[::]:8788`. */
const PLACE = ranged(
  z
    .pipe(
      z.string().check(z.regex(/^(?:(?:[^\s:[\]]+|\[[\da-f:.]+\]):)?\d{1,5}$/i)),
      z.transform((given) => {
        const [, host = LOOPBACK, digits] = /^(?:\[?([^[\]]+?)\]?:)?(\d+)$/.exec(given) ?? [];
        return { host, port: Number(digits) };
      }),
    )
    .check(z.refine(({ port: number }) => isPort(number))),
  `${PORTS}; with another address of this machine than ${LOOPBACK} ahead, as in 0.0.0.0:8788`,
);

const INTAKE = {
  intake: setting(
    z._default(
      text('`sqlite:FILE`, `postgres://USER@HOST/DATABASE` or `postgres`; for `proxy` also `direct`'),
      'sqlite:offersight.db',
    ),
    'Where events are kept.',
    'sqlite:/var/lib/offersight/intake.db',
  ),
} as const;
const LANE = {
  lane: setting(z._default(LANE_NAME, 'offer_events'), 'Which destination is meant.', 'usage_events'),
} as const;
const SITE = { site: SHARED.site } as const;
const JSON_FLAG = { json: toggle('Prints the same as JSON.', 'text for people') } as const;
const offer = (says: string) =>
  setting(z.optional(text('the `id` of a personalized offer')), says, 'a52ge40b', {
    otherwise: 'all offers',
    isOnce: true,
  });
const since = (says: string, otherwise = 'all') =>
  setting(z.optional(MOMENT), says, '2026-11-01', { otherwise });

/** A command. */
export interface CommandOfLine {
  readonly says: string;
  /** What follows it beside flags, as commander writes it. */
  readonly operands?: string;
  /** By their names; see {@link written}. */
  readonly flags: Readonly<Record<string, z.ZodMiniType>>;
}

/** Every command, by its name. */
export const COMMANDS = {
  dev: {
    says: 'Tries your pages against a mock of Chargebee’s API, without an account.',
    operands: '[folder|URL]',
    flags: {
      port: setting(
        z.optional(port()),
        'The port to open pages at. The mock API is at the next one, or with `--upstream-only` at this one.',
        '5000',
        { otherwise: '4400' },
      ),
      path: path(),
      lan: setting(
        z.optional(address()),
        'One more address of this machine to listen at, for a phone.',
        '192.168.1.20',
        { otherwise: 'only this machine reaches it' },
      ),
      anyId: toggle('Counts events of offers that the mock API never made.', 'they are refused'),
      upstreamOnly: toggle('Starts only the mock API, without pages.', 'pages are served'),
    },
  },
  doctor: {
    says: 'Says what is wrong between a page and Chargebee; reports no event. Ends with 0 if nothing is wrong, 1 if something is, 2 if it could not look.',
    operands: '<URL>',
    flags: {
      endpoint: setting(
        z.optional(text('a path or a URL, such as /offer-events')),
        'The endpoint, if the page does not name it.',
        '/offer-events',
        { otherwise: 'as the page says' },
      ),
      noBrowser: toggle('Reads only what is served, without a browser.', 'a browser opens the page'),
      admin: setting(
        z.optional(text('an https URL, or an http one on this machine')),
        'The proxy’s admin route, which is asked for alerts.',
        'http://127.0.0.1:8788/admin/',
        { otherwise: 'it is not asked' },
      ),
      site: setting(
        z.optional(SHARED.site),
        'The Chargebee site that is asked whether it takes the API key.',
        'acme-test',
        { otherwise: 'none is asked' },
      ),
      maxSeconds: setting(
        seconds(10, 600, 30),
        'How long a run may take. Each step gets its share, so give more on a busy machine or for a slow page.',
        '90',
      ),
      lists: setting(
        z.optional(text('a folder with files that end in `.txt`')),
        'A folder of filter lists.',
        '.lists',
        { otherwise: 'a small list of its own' },
      ),
      ...JSON_FLAG,
    },
  },
  proxy: {
    says: 'Serves the endpoint and forwards to Chargebee. Each flag but --port is also a variable: --per-minute is OFFERSIGHT_PER_MINUTE.',
    flags: {
      ...SHARED,
      ...INTAKE,
      apiKeyFile: setting(
        z.optional(text('the path of a file with the key as Chargebee shows it')),
        'The API key.',
        '/run/secrets/api-key',
        { otherwise: 'the variable `OFFERSIGHT_API_KEY`' },
      ),
      port: setting(z._default(port(), 8_787), 'The port of the endpoint.', '9000'),
      host: setting(z._default(address(), LOOPBACK), 'The address to listen at.', '0.0.0.0'),
      path: path(),
      perMinute: PACE.perMinute,
      perAddress: LIMITS.perAddress,
      logIds: toggle('Names events and offers in the log.', 'the log names none'),
      keepAliveSeconds: setting(seconds(1, 3_600, 5), 'How long an idle connection is kept, seconds.', '65'),
      drainSeconds: setting(
        seconds(0, 3_600, 5),
        'How long requests are still taken after SIGTERM, while `/readyz` answers 503, seconds.',
        '15',
      ),
      adminPort: setting(z.optional(PLACE), 'A port for operators only.', '8788', {
        otherwise: 'operators ask at `--port`',
      }),
      adminNames: setting(
        z.optional(
          ranged(
            z.array(z.string().check(z.refine(isHostName), z.toLowerCase())),
            'host names without scheme and port, such as ops.example.com,ops.example.org',
          ),
        ),
        'Host names of the operator’s page beside localhost, between commas.',
        'ops.example.com',
        { otherwise: 'none' },
      ),
      ledgerDays: BOUNDS.ledgerDays,
    },
  },
  status: {
    says: 'Prints figures of groups, offers and lanes.',
    flags: {
      ...INTAKE,
      ...JSON_FLAG,
      since: since(
        'Only offers and groups of events that were taken since then.',
        'all offers that are remembered, and groups of 30 days',
      ),
    },
  },
  funnel: {
    says: 'Prints offers seen, closed and accepted, day by day.',
    flags: {
      ...INTAKE,
      by: setting(z._default(FUNNEL_BY, 'day'), 'What a row stands for.', 'group'),
      group: setting(z.optional(text('a group')), 'Only events of this group.', 'autumn-sale', {
        otherwise: 'all groups',
      }),
      since: setting(z.optional(DAY), 'The first day.', '2026-11-01', {
        otherwise: '30 days before the last one',
      }),
      until: setting(z.optional(DAY), 'The last day.', '2026-11-30', { otherwise: 'today' }),
      ...JSON_FLAG,
      csv: toggle('Prints a table for spreadsheets.', 'text for people'),
    },
  },
  events: {
    says: 'Prints events as JSON lines, newest first.',
    flags: {
      ...INTAKE,
      ...LANE,
      offer: offer('Only events of this offer.'),
      since: since('Only events since then.'),
    },
  },
  'dead-letters': {
    says: 'Prints what Chargebee refused, as JSON lines (list, export), or lets it wait again (retry).',
    operands: '<list|export|retry> [IDs...]',
    flags: {
      ...INTAKE,
      ...LANE,
      offer: offer('Only dead letters of this offer.'),
      since: since('Only dead letters of events that were taken since then.'),
    },
  },
  purge: {
    says: 'Gives what waits, or what is a dead letter, up for good; without --yes it counts the events.',
    operands: '<waiting|dead>',
    flags: {
      ...INTAKE,
      ...LANE,
      offer: offer('Only events of this offer.'),
      visitor: setting(
        z.optional(text('a user as the `subject` hook gives it, or an address')),
        'Only waiting events of this visitor.',
        '203.0.113.9',
        { otherwise: 'all visitors', isOnce: true },
      ),
      yes: toggle('Gives them up.', 'counts them, and changes nothing'),
    },
  },
  report: {
    says: 'Takes events that your own programs saw, as JSON lines: name, type, personalized_offer_id, group. The file - is standard input.',
    operands: '<file>',
    flags: { ...INTAKE, ...SITE },
  },
  sign: {
    says: 'Prints a token for data-offer-token.',
    operands: '<offer>',
    flags: {
      subject: setting(
        z.optional(ranged(z.custom<string>(isSubject), '1 to 128 characters of A–Z a–z 0–9 _ . : ~ -')),
        'Who may report of it.',
        'c-8f14e45f',
        { otherwise: 'everybody who has the token' },
      ),
      group: setting(
        z.optional(
          ranged(
            z.custom<string>(isGroup),
            '1 to 50 characters of A–Z a–z 0–9 _ . : / ~ -, the first a letter or a digit',
          ),
        ),
        'The group that the page gives to the offer.',
        'autumn-sale',
        { otherwise: 'any group that the page gives' },
      ),
      expires: setting(MOMENT, 'When the token ends.', '2030-01-01', { otherwise: NEEDED }),
    },
  },
  'inspect-link': {
    says: 'Prints a link that opens the inspector on that page for an hour.',
    operands: '<URL>',
    flags: {
      operator: setting(
        z.optional(text('an address with a slash at the end')),
        'Where the operator’s page is.',
        'https://ops.example/admin/',
        { otherwise: 'no links to it' },
      ),
    },
  },
} as const satisfies Readonly<Record<string, CommandOfLine>>;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;

type Flags<Name extends CommandName> = (typeof COMMANDS)[Name]['flags'];

/** What flags of a command say, or the variables of the proxy's, or their defaults. */
export type Values<Name extends CommandName> = {
  readonly [Key in keyof Flags<Name>]: Flags<Name>[Key] extends z.ZodMiniType<infer Output> ? Output : never;
};

const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A flag as it is written, from its name here: `perMinute` is `--per-minute`. */
export const written = (name: string): string => `--${dashed(name)}`;

/**
 * The variable that has the same as a flag, if it is a setting of the proxy. The port has none: beside a service of the name
 * offersight, Kubernetes sets OFFERSIGHT_PORT to something else.
 */
export const variableOf = (name: string, schema: z.ZodMiniType): string | undefined =>
  name !== 'port' && (COMMANDS.proxy.flags as CommandOfLine['flags'])[name] === schema
    ? `OFFERSIGHT_${dashed(name).replaceAll('-', '_').toUpperCase()}`
    : undefined;
