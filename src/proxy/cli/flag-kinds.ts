/** Kinds of flags, and the flags that several commands take. */

/** One flag. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly says: string;
  /** What happens without it. */
  readonly fallback: string;
  readonly range: string;
  /** A value, as it follows the flag; empty for a flag without one. */
  readonly example: string;
}

/** By name. */
export type Flags = Readonly<Record<string, Flag>>;

export const value = (says: string, fallback: string, range: string, example: string) =>
  ({ type: 'string', says, fallback, range, example }) as const;

export const toggle = (says: string, fallback: string) =>
  ({ type: 'boolean', says, fallback, range: 'without a value', example: '' }) as const;

export const INTAKE = {
  intake: value(
    'Where events are kept.',
    '`sqlite:offersight.db`',
    '`sqlite:FILE`, `postgres://USER@HOST/DATABASE` or `postgres`; for `proxy` also `direct`',
    'sqlite:/var/lib/offersight/intake.db',
  ),
  'postgres-url-file': value(
    'The file that has the URL of Postgres, for `--intake postgres`.',
    'the variable `OFFERSIGHT_POSTGRES_URL`',
    'a file with a URL that may hold a password',
    '/run/secrets/postgres',
  ),
  schema: value(
    'The schema in Postgres.',
    '`offersight`',
    '1–50 lower-case letters, digits and `_`',
    'offersight_eu',
  ),
} as const;
export const LANE = {
  lane: value(
    'Which destination is meant.',
    '`offer_events`',
    '`offer_events` or `usage_events`',
    'usage_events',
  ),
} as const;
export const SITE = {
  site: value(
    'The Chargebee site’s name.',
    'it has to be given',
    '1–63 letters, digits and dashes',
    'acme-test',
  ),
} as const;
export const JSON_FLAG = { json: toggle('Prints the same as JSON.', 'text for people') } as const;
export const OFFER = {
  offer: value('Only events of this offer.', 'all offers', 'a personalized offer’s `id`', 'a52ge40b'),
} as const;
export const SIGNING_SECRET = {
  'signing-secret-file': value(
    'The file that has the secret of signed offers.',
    'the variable `OFFERSIGHT_SIGNING_SECRET`',
    'a file with at least 32 characters',
    '/run/secrets/signing',
  ),
} as const;
export const ADMIN_TOKEN = {
  'admin-token-file': value(
    'The file that has the operators’ token.',
    'the variable `OFFERSIGHT_ADMIN_TOKEN`',
    'a file with at least 32 characters',
    '/run/secrets/admin',
  ),
} as const;
export const API_KEY = {
  'api-key-file': value(
    'The file that has the API key.',
    'the variable `OFFERSIGHT_API_KEY`',
    'a file with the key as Chargebee shows it',
    '/run/secrets/api-key',
  ),
} as const;
export const BASE_URL = {
  'base-url': value(
    'The origin of Chargebee’s API.',
    '`https://SITE.grow.chargebee.com`',
    'an https origin, or an http one on this machine',
    'http://127.0.0.1:4401',
  ),
} as const;
export const PATH = {
  path: value('The endpoint’s path.', '`/offer-events`', 'a path', '/shop/offer-events'),
} as const;

const PORTS = 'a whole number from 0 to 65535; 0 takes a free one';
export const port = (says: string, fallback: string, example: string) =>
  value(says, fallback, PORTS, example);
export const count = (says: string, fallback: string, example: string, range = 'a whole number from 1') =>
  value(says, fallback, range, example);
