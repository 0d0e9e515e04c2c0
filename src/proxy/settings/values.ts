/** The settings that code and command line have in common: their bounds, their defaults, and the words for both. */
import * as z from 'zod/mini';
import { isGroup } from '../../protocol/group.js';
import { ranged, setting } from './checking.js';

/** What is so without a setting that has no default. */
export const NEEDED = 'it has to be given';

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

const atLeast = (least: number) => z.int().check(z.minimum(least));
const whole = () => ranged(atLeast(1), 'a whole number from 1');
const budget = () =>
  ranged(
    z.union([z.number().check(z.minimum(1)), z.literal(Infinity)]),
    'a number from 1; `Infinity` switches it off',
  );

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

export const API_KEY = ranged(
  z.string().check(z.regex(/^[\w-]{8,200}$/)),
  'the whole key as Chargebee shows it: 8 to 200 letters, digits, - and _, without spaces, such as from the environment variable OFFERSIGHT_API_KEY',
);
export const UPSTREAM = ranged(
  z.pipe(
    z.string().check(z.refine(isUpstream)),
    z.transform((url) => new URL(url).origin),
  ),
  'an https origin by name, such as https://upstream.example, without a path, or an http one on this machine',
);

/** Options of `createOfferProxy` that are flags and variables of `offersight proxy` by the same name. */
export const SHARED = {
  site: setting(
    ranged(
      z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,62}$/i), z.toLowerCase()),
      'the name of your Chargebee site: 1 to 63 letters, digits and dashes, such as acme-test',
    ),
    'The Chargebee site’s name.',
    'acme-test',
    { otherwise: NEEDED },
  ),
  origins: setting(
    z._default(
      ranged(
        z.array(
          z.string().check(z.refine((origin) => URL.canParse(origin) && new URL(origin).origin === origin)),
        ),
        'exact origins, such as https://shop.example, without a path',
      ),
      [],
    ),
    'This site’s own origins, between commas, for browsers that send no fetch metadata.',
    'https://shop.example,https://www.shop.example',
    { otherwise: 'none' },
  ),
  trustedHops: setting(
    z._default(ranged(atLeast(0).check(z.maximum(16)), 'a whole number from 0 to 16'), 0),
    'How many of your machines are before the proxy.',
    '1',
  ),
  baseUrl: setting(z.optional(UPSTREAM), 'The origin of Chargebee’s API.', 'http://127.0.0.1:4401', {
    otherwise: '`https://SITE.grow.chargebee.com`',
  }),
  machines: setting(
    z._default(ranged(z.enum(['ignore', 'count']), '`ignore` or `count`'), 'ignore'),
    'Whether what crawlers and monitors see counts.',
    'count',
  ),
  groups: setting(
    z.optional(
      ranged(
        z.array(z.custom<string>(isGroup)),
        'names with 1 to 50 characters of A–Z a–z 0–9 _ . : / ~ -, the first a letter or a digit',
      ),
    ),
    'The only groups that the funnel keeps apart, between commas.',
    'autumn-sale,home',
    { otherwise: 'the first 200 that pages name' },
  ),
} as const;

export const LIMITS = {
  perAddress: setting(z.optional(budget()), 'Events of one address a minute.', '2000', {
    otherwise: 'four times `--per-minute`, at least 600',
  }),
  perSubject: z.optional(budget()),
  perOfferADay: z.optional(budget()),
} as const;

/** What small plans and test sites allow. */
export const PACE = {
  perMinute: setting(z._default(whole(), 150), 'Most events in any 60 s.', '1000'),
  concurrent: z._default(whole(), 10),
} as const;
export const USAGE_PACE = {
  perMinute: z._default(whole(), 10_000),
  concurrent: z._default(whole(), 2),
} as const;

export const BOUNDS = {
  maxWaiting: z._default(whole(), 200_000),
  maxDelayMs: z._default(
    ranged(
      z.number().check(z.minimum(1)),
      'at least a day less than ledgerDays, in milliseconds from 1: the ledger has to remember an event for as long as it waits',
    ),
    86_400_000,
  ),
  ambiguous: z._default(
    ranged(z.enum(['atLeastOnce', 'atMostOnce']), "'atLeastOnce' or 'atMostOnce'"),
    'atLeastOnce',
  ),
  ledgerDays: setting(
    z._default(ranged(atLeast(31), 'a whole number of days from 31'), 400),
    'How many days the funnel remembers.',
    '800',
  ),
} as const;
