/** Every setting of the standalone proxy. */
import { LEAST_LEDGER_DAYS } from '../intake/rules.js';
import { isHostName } from '../operator/page/own-requests.js';

/** One setting. */
export interface Setting {
  /** A list is names with commas between them as a flag, and an array in the file. */
  readonly kind: 'text' | 'number' | 'flag' | 'list';
  /** What it does, for editors. */
  readonly says: string;
  /** What it has to be, behind "Set … to". Numbers say so by their bounds. */
  readonly asks?: string;
  readonly least?: number;
  readonly most?: number;
  readonly isWhole?: true;
  readonly choices?: readonly string[];
  /** What a string, or each name of a list, looks like. */
  readonly pattern?: string;
  /** What no pattern can say. */
  readonly holds?: (value: string) => boolean;
}

const HOST = {
  asks: 'a host name without scheme and port, such as shop.example',
  pattern: '^[A-Za-z0-9.:\\[\\]-]+$',
  holds: isHostName,
} as const;
const FILE = { kind: 'text', asks: 'the path of a file', pattern: '\\S' } as const;
const ADDRESS = { kind: 'text', asks: 'an address, such as 127.0.0.1', pattern: '\\S' } as const;
const PORT = { kind: 'number', least: 0, most: 65_535, isWhole: true } as const;

/** Where `offersight proxy` listens if no port is given. */
export const DEFAULT_PORT = 8_787;

/** The settings that the process has once. */
export const PROCESS = {
  port: { ...PORT, says: 'Where pages reach it; 0 is any free port. Default 8787.' },
  host: { ...ADDRESS, says: 'The address to listen on. Default 127.0.0.1.' },
  adminPort: {
    ...PORT,
    says: 'Gives probes, /metrics, /admin/ and the operator’s page a listener of their own.',
  },
  adminHost: { ...ADDRESS, says: 'The address of that listener. Default 127.0.0.1.' },
  keepAliveSeconds: {
    kind: 'number',
    least: 1,
    most: 3_600,
    says: 'How long an idle connection is kept. Default 5.',
  },
  drainSeconds: {
    kind: 'number',
    least: 0,
    most: 3_600,
    says: 'How long it still takes requests after SIGTERM, while /readyz answers 503. Default 5.',
  },
} as const satisfies Readonly<Record<string, Setting>>;

/** The settings that each site has. */
export const SITE = {
  site: {
    kind: 'text',
    asks: 'the name of your Chargebee site, 1 to 63 letters, digits and dashes, such as acme-test',
    pattern: '^[A-Za-z0-9][A-Za-z0-9-]{0,62}$',
    says: 'The name of the Chargebee site.',
  },
  path: {
    kind: 'text',
    asks: 'a path, such as /offer-events',
    pattern: '^/[A-Za-z0-9_./~-]*$',
    says: 'The path of the endpoint. Default /offer-events.',
  },
  intake: {
    kind: 'text',
    asks: 'sqlite:FILE, postgres://USER@HOST/DATABASE, postgres or direct',
    pattern: '^(sqlite:[^:].*|postgres(ql)?://.+|postgres|direct)$',
    says:
      'Where the events of this site, and of no other, are kept: sqlite:FILE, postgres://USER@HOST/DATABASE, ' +
      'postgres if its URL is a secret, or direct.',
  },
  postgresUrlFile: { ...FILE, says: 'The file with the URL of that Postgres.' },
  schema: {
    kind: 'text',
    asks: 'lower-case letters, digits and _, such as offersight_eu',
    pattern: '^[a-z][a-z0-9_]{0,49}$',
    says: 'The schema in Postgres, if sites or proxies share a database. Default offersight.',
  },
  origins: {
    kind: 'list',
    asks: 'an exact origin, such as https://shop.example, without a path',
    pattern: '^https?://[^/?#\\s]+$',
    holds: (origin) => URL.canParse(origin) && new URL(origin).origin === origin,
    says: 'Origins of this site’s pages, for browsers that send no Sec-Fetch-Site.',
  },
  apiKeyFile: { ...FILE, says: 'The file with the API key of this site.' },
  adminTokenFile: { ...FILE, says: 'The file with the token of this site’s operators.' },
  adminNames: { ...HOST, kind: 'list', says: 'The hosts of this site’s operator’s page and of its /admin/.' },
  signingSecretFile: { ...FILE, says: 'The file with the secret that signs offers.' },
  requireSignedOffers: { kind: 'flag', says: 'Takes only events of signed offers.' },
  baseUrl: {
    kind: 'text',
    asks: 'an https origin',
    pattern: '^https?://',
    says: 'The origin of the upstream.',
  },
  perMinute: { kind: 'number', isWhole: true, says: 'The limit of the plan: calls a minute. Default 150.' },
  concurrent: { kind: 'number', isWhole: true, says: 'Calls at once. Default 10.' },
  perAddress: {
    kind: 'number',
    says: 'Events of one address a minute. Default four times perMinute, and at least 600.',
  },
  trustedHops: {
    kind: 'number',
    least: 0,
    most: 16,
    isWhole: true,
    says: 'How many machines of your own append to X-Forwarded-For. Default 0.',
  },
  machines: {
    kind: 'text',
    choices: ['ignore', 'count'],
    says: 'Whether what crawlers and monitors see counts. Default ignore.',
  },
  groups: {
    kind: 'list',
    asks: 'a name with 1 to 50 characters of A–Z a–z 0–9 _ . : / ~ -, the first a letter or a digit',
    pattern: '^[A-Za-z0-9][A-Za-z0-9_.:/~-]{0,49}$',
    says: 'The only groups that the funnel keeps apart. Default the first 200 that pages name.',
  },
  ledgerDays: {
    kind: 'number',
    least: LEAST_LEDGER_DAYS,
    isWhole: true,
    says: 'How many days the funnel remembers. Default 400.',
  },
  maxWaiting: { kind: 'number', isWhole: true, says: 'Most events that wait. Default 200000.' },
  maxDelayHours: { kind: 'number', says: 'How long an event may wait. Default 24.' },
  logIds: { kind: 'flag', says: 'Lets the log name events and offers.' },
} as const satisfies Readonly<Record<string, Setting>>;

interface Kinds {
  readonly text: string;
  readonly number: number;
  readonly flag: boolean;
  readonly list: readonly string[];
}

/** What settings are set to. */
export type Values<Declared extends Readonly<Record<string, Setting>>> = {
  readonly [Name in keyof Declared]?: Kinds[Declared[Name]['kind']] | undefined;
};
/** What is set for the process. */
export type ProcessValues = Values<typeof PROCESS>;
/** What is set for a site. */
export type SiteValues = Values<typeof SITE>;

/** The name of a setting as a flag, without its dashes. */
export const flagOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The path of a site's endpoint if it is not set. */
export const DEFAULT_PATH = '/offer-events';
