/** How much one user or one address may report: budgets that no single visitor reaches, in bounded memory. */
import { platformRuntime, type Runtime } from '../../runtime.js';
import { createRecent } from '../recent.js';

/** Budgets of one process: if several take requests, divide them by their number. `Infinity` switches one off. */
export interface Limits {
  /**
   * Events of one address a minute; an IPv6 address counts by its /64. Many people may share an address.
   * @default four times `pace.perMinute`, and at least 600, so that no address takes up the plan's calls for long
   * @range from 1; `Infinity` switches it off
   * @example `2_000`
   */
  readonly perAddress?: number | undefined;
  /**
   * Events of one subject a minute.
   * @default 600
   * @range from 1; `Infinity` switches it off
   * @example `200`
   */
  readonly perSubject?: number | undefined;
  /**
   * Events of one type that one subject may report of one offer in 24 h; more are refused. If
   * offers are signed and there is no subject, the same is true of each token.
   * @default 200
   * @range from 1; `Infinity` switches it off
   * @example `20`
   */
  readonly perOfferADay?: number | undefined;
}

/** One kind of budget. */
export interface Budget {
  /** Milliseconds until the key has room again; undefined if it has. */
  waitMs(key: string): number | undefined;
  /**
   * Takes from the budget if anything is left; below zero if need be, since a batch that is larger than the budget must
   * pass some day.
   * @returns Milliseconds until the key has room again; undefined if it was taken.
   */
  take(key: string, events: number): number | undefined;
  /** Gives back what was taken for nothing. */
  giveBack(key: string, events: number): void;
}

/** Every budget of the proxy. */
export type Budgets = Readonly<Record<'address' | 'subject' | 'offerADay', Budget>>;

export const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const LEAST_PER_ADDRESS = 600;
/** Keys that are remembered of each kind. If there are more, those that were quiet longest are reset. */
const MAX_KEYS = 50_000;

/**
 * Makes one kind of budget. A key's period begins with its first event.
 * @param most Events in each period; `Infinity` switches it off.
 */
export const createBudget = (
  most: number,
  periodMs: number,
  { elapsed }: Pick<Runtime, 'elapsed'> = platformRuntime(),
): Budget => {
  const keys = createRecent<{ events: number; readonly endsAt: number }>(MAX_KEYS);
  const spentBy = (key: string) => {
    const spent = keys.get(key);
    return spent && spent.endsAt > elapsed() ? spent : undefined;
  };
  const waitMs = (key: string): number | undefined => {
    const spent = spentBy(key);
    return spent && spent.events >= most ? spent.endsAt - elapsed() : undefined;
  };
  return {
    waitMs,
    take(key, events) {
      const leftMs = waitMs(key);
      if (leftMs !== undefined || most === Infinity) return leftMs;
      const spent = spentBy(key);
      if (spent) spent.events += events;
      else keys.set(key, { events, endsAt: elapsed() + periodMs });
      return undefined;
    },
    giveBack(key, events) {
      // A key that was reset meanwhile has nothing to give back.
      const spent = spentBy(key);
      if (spent) spent.events -= events;
    },
  };
};

/**
 * Makes the budgets.
 * @param perMinute How many events leave a minute.
 */
export const createBudgets = (
  limits: Limits,
  perMinute: number,
  runtime?: Pick<Runtime, 'elapsed'>,
): Budgets => {
  const {
    perAddress = Math.max(LEAST_PER_ADDRESS, 4 * perMinute),
    perSubject = 600,
    perOfferADay = 200,
  } = limits;
  return {
    address: createBudget(perAddress, MINUTE_MS, runtime),
    subject: createBudget(perSubject, MINUTE_MS, runtime),
    offerADay: createBudget(perOfferADay, DAY_MS, runtime),
  };
};
