/** What operators may ask for, by queries over HTTP and by flags alike. */
import { z } from 'zod';
import { isDay, isFunnelBy } from '../operator/funnel.js';
import { timeOf } from '../operator/listing.js';
import { ranged } from './checking.js';

export const LANE_NAME = ranged(z.enum(['offer_events', 'usage_events']), '`offer_events` or `usage_events`');
export const MOMENT = ranged(
  z
    .string()
    .transform(timeOf)
    .refine((time) => !Number.isNaN(time)),
  'an ISO date or epoch milliseconds',
);
export const DAY = ranged(z.string().refine(isDay), 'a UTC day, such as 2026-11-01');
export const FUNNEL_BY = ranged(z.string().refine(isFunnelBy), '`day`, `group` or `day,group`');

/** A number of things, written out. */
export const numeral = (most = Infinity) =>
  ranged(
    z
      .string()
      .regex(/^[1-9]\d{0,6}$/)
      .transform(Number)
      .refine((number) => number <= most),
    `a whole number from 1${most < Infinity ? ` to ${most}` : ''}`,
  );
