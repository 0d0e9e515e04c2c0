/** What settings may be that code and command line have in common: their bounds, their defaults, and the words for both. */
import { z } from 'zod';
import { isGroup } from '../../protocol/group.js';
import { ranged } from './checking.js';

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

const whole = () => ranged(z.int().min(1), 'a whole number from 1');
const budget = () =>
  ranged(z.union([z.number().min(1), z.literal(Infinity)]), 'a number from 1; `Infinity` switches it off');

/** Addresses of a private network would make the proxy a way into it. */
const isUpstream = (url: string): boolean => {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, pathname, username, password } = new URL(url);
  // Also an empty query or fragment, which a parsed URL does not show.
  if (pathname !== '/' || username || password || /[?#]/.test(url)) return false;
  return LOOPBACK.has(hostname)
    ? ['http:', 'https:'].includes(protocol)
    : protocol === 'https:' && !/^[\d.]+$|^\[/.test(hostname);
};

export const SITE_NAME = ranged(
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/i)
    .toLowerCase(),
  'the name of your Chargebee site: 1 to 63 letters, digits and dashes, such as acme-test',
);
export const API_KEY = ranged(
  z.string().regex(/^[\w-]{8,200}$/),
  'the whole key as Chargebee shows it: 8 to 200 letters, digits, - and _, without spaces, such as from the environment variable OFFERSIGHT_API_KEY',
);
export const UPSTREAM = ranged(
  z
    .string()
    .refine(isUpstream)
    .transform((url) => new URL(url).origin),
  'an https origin by name, such as https://upstream.example, without a path, or an http one on this machine',
);
export const ORIGINS = ranged(
  z.array(z.string().refine((origin) => URL.canParse(origin) && new URL(origin).origin === origin)),
  'exact origins, such as https://shop.example, without a path',
);
export const GROUPS = ranged(
  z.array(z.custom<string>(isGroup)),
  'names with 1 to 50 characters of A–Z a–z 0–9 _ . : / ~ -, the first a letter or a digit',
);
export const TRUSTED_HOPS = ranged(z.int().min(0).max(16), 'a whole number from 0 to 16').default(0);
export const MACHINES = ranged(z.enum(['ignore', 'count']), '`ignore` or `count`').default('ignore');

export const LIMITS = {
  perAddress: budget().optional(),
  perSubject: budget().optional(),
  perOfferADay: budget().optional(),
} as const;

/** What small plans and test sites allow. */
export const PACE = { perMinute: whole().default(150), concurrent: whole().default(10) } as const;
export const USAGE_PACE = { perMinute: whole().default(10_000), concurrent: whole().default(2) } as const;

export const BOUNDS = {
  maxWaiting: whole().default(200_000),
  maxDelayMs: ranged(
    z.number().min(1),
    'at least a day less than ledgerDays, in milliseconds from 1: the ledger has to remember an event for as long as it waits',
  ).default(86_400_000),
  ambiguous: ranged(z.enum(['atLeastOnce', 'atMostOnce']), "'atLeastOnce' or 'atMostOnce'").default(
    'atLeastOnce',
  ),
  ledgerDays: ranged(z.int().min(31), 'a whole number of days from 31').default(400),
} as const;
