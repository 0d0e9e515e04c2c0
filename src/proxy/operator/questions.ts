/** What operators may ask for, by queries over HTTP and by flags alike. */
import * as z from 'zod/mini';
import { ranged } from '../settings/checking.js';
import { type FunnelBy, isDay } from './funnel.js';
import { timeOf } from './listing.js';

export const LANE_NAME = ranged(z.enum(['offer_events', 'usage_events']), '`offer_events` or `usage_events`');
export const MOMENT = ranged(
  z.pipe(z.string(), z.transform(timeOf)).check(z.refine((time) => !Number.isNaN(time))),
  'an ISO date or epoch milliseconds',
);
export const DAY = ranged(z.string().check(z.refine(isDay)), 'a UTC day, such as 2026-11-01');
export const FUNNEL_BY = ranged(
  z.enum(['day', 'group', 'day,group'] satisfies readonly FunnelBy[]),
  '`day`, `group` or `day,group`',
);

/** A number of things, written out. */
export const numeral = (most = Infinity) =>
  ranged(
    z
      .pipe(z.string().check(z.regex(/^[1-9]\d{0,6}$/)), z.transform(Number))
      .check(z.refine((number) => number <= most)),
    `a whole number from 1${most < Infinity ? ` to ${most}` : ''}`,
  );
