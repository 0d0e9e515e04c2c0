/** How much one user or one address may report: budgets that no single visitor reaches, in bounded memory. */
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js';
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
  waitMs(key: string): Promise<number | undefined>;
  /**
   * Takes from the budget, in one step, if anything is left; below zero if need be, since a batch that is larger than
   * the budget must pass some day.
   * @returns Milliseconds until the key has room again; undefined if it was taken.
   */
  take(key: string, events: number): Promise<number | undefined>;
  /** Gives back what was taken for nothing. */
  giveBack(key: string, events: number): Promise<void>;
}

/** Every budget of the proxy. */
export interface Budgets {
  readonly address: Budget;
  readonly subject: Budget;
  readonly offerADay: Budget;
}

export const MINUTE_S = 60;
const DAY_S = 86_400;
const LEAST_PER_ADDRESS = 600;
/** Keys that are remembered of each kind. If there are more, those that were quiet longest are reset. */
const MAX_KEYS = 50_000;

/**
 * Makes one kind of budget.
 * @param points So many in each period; `Infinity` switches it off.
 * @param duration The period, seconds.
 */
export const createBudget = (points: number, duration: number): Budget => {
  const nothing = async (): Promise<undefined> => undefined;
  if (points === Infinity) return { waitMs: nothing, take: nothing, giveBack: nothing };
  const limiter = new RateLimiterMemory({ points, duration });
  const keys = createRecent<true>(MAX_KEYS, {
    dispose: (_, key) => void limiter.delete(key),
    noDisposeOnSet: true,
  });
  return {
    async giveBack(key, events) {
      // A key that was reset meanwhile has nothing to give back.
      if ((await limiter.get(key))?.consumedPoints) await limiter.reward(key, events);
    },
    async waitMs(key) {
      const state = await limiter.get(key);
      return state && state.msBeforeNext > 0 && state.consumedPoints >= points
        ? state.msBeforeNext
        : undefined;
    },
    async take(key, events) {
      keys.set(key, true);
      const { consumedPoints, msBeforeNext } = await limiter.penalty(key, events);
      if (consumedPoints - events < points) return undefined;
      await limiter.reward(key, events);
      return Math.max(1, msBeforeNext);
    },
  };
};

/**
 * Makes the budgets.
 * @param perMinute How many events leave a minute.
 */
export const createBudgets = (limits: Limits, perMinute: number): Budgets => {
  const {
    perAddress = Math.max(LEAST_PER_ADDRESS, 4 * perMinute),
    perSubject = 600,
    perOfferADay = 200,
  } = limits;
  return {
    address: createBudget(perAddress, MINUTE_S),
    subject: createBudget(perSubject, MINUTE_S),
    offerADay: createBudget(perOfferADay, DAY_S),
  };
};
