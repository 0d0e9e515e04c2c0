/**
 * Budgets that several processes share. Once a second each says how much it gave out, and hears the same of the others. So two
 * of them may exceed a budget by what comes within a second, more of them by nearly twice that. No request waits for it.
 */
import type { Runtime, Stop } from '../../runtime.js';
import type { Heard, Spent } from '../intake/sharing.js';
import { createRecent } from '../recent.js';
import { type Budget, type Budgets, MAX_KEYS, MINUTE_S } from './budgets.js';

/** Says what this process gave out, and gives what it heard; undefined if this process is alone. */
export type Share = (spent: readonly Spent[]) => Promise<Heard | undefined>;

/** Budgets, and the end of sharing them. */
export interface SharedBudgets {
  readonly budgets: Budgets;
  close(): Promise<void>;
}

const SECOND_MS = 1_000;
/** Others must know within a minute that this process is there, also if it has nothing to report. */
const QUIET_MS = 20_000;
/** So many names are exchanged at once, those that came last first. The rest follows a second later. */
const MOST_NAMES = 1_000;

/** Shares the budgets of addresses and subjects. */
const createSharing = (
  share: Share,
  budgets: ReadonlyMap<string, Budget>,
  runtime: Pick<Runtime, 'after' | 'elapsed'>,
) => {
  const forAMinute = {
    ttl: MINUTE_S * 1_000,
    noUpdateTTL: true,
    ttlResolution: 0,
    perf: { now: () => runtime.elapsed() },
  };
  /** What the others do not know yet. */
  const untold = createRecent<number>(MAX_KEYS, forAMinute);
  /** Names here by the names that the intake has. */
  const known = createRecent<string>(MAX_KEYS);
  /** What others gave to somebody who has not come to this process, by the name that the intake has. */
  const strangers = createRecent<number>(MAX_KEYS, forAMinute);
  let stop: Stop | undefined;
  let isSoon = false;
  let isAlone = true;
  let trading: Promise<void> | undefined;
  let isClosed = false;

  /** Counts what somebody was given elsewhere. */
  const count = async (name: string, events: number): Promise<void> => {
    const [, kind = '', key = ''] = /^(\w+) (.*)$/s.exec(name) ?? [];
    await budgets.get(kind)?.count(key, events);
  };

  const listen = async ({ others }: Heard): Promise<void> => {
    for (const { name: hash, events } of others) {
      const name = known.get(hash);
      if (name === undefined) strangers.set(hash, (strangers.get(hash) ?? 0) + events);
      else await count(name, events);
    }
  };

  /** A process without others first asks whether it still has none: names are only hashed for others. */
  const lookForOthers = async (): Promise<void> => {
    const heard = await share([]);
    isAlone = !heard;
    if (heard) await listen(heard);
  };

  const trade = async (): Promise<void> => {
    // A process that comes later hears all of the last minute.
    untold.purgeStale();
    if (isAlone || !untold.size) await lookForOthers();
    if (isAlone || !untold.size) return;
    const spent: Spent[] = [];
    for (const [name, events] of untold.entries()) {
      if (spent.length === MOST_NAMES) break;
      spent.push({ name, events });
    }
    const heard = await share(spent);
    isAlone = !heard;
    if (!heard) return;
    for (const [at, { name, events }] of spent.entries()) {
      const left = (untold.get(name) ?? events) - events;
      if (left) untold.set(name, left);
      else untold.delete(name);
      const hash = heard.names[at] ?? '';
      known.set(hash, name);
      const before = strangers.get(hash);
      strangers.delete(hash);
      if (before) await count(name, before);
    }
    await listen(heard);
  };

  const later = (delayMs: number): void => {
    stop?.();
    isSoon = delayMs === SECOND_MS;
    if (isClosed) return;
    stop = runtime.after(delayMs, () => {
      // If an intake fails, other calls of it say so. Until it works again, each process has budgets of its own.
      trading = trade()
        .catch(() => undefined)
        .finally(() => {
          trading = undefined;
          later(untold.size ? SECOND_MS : QUIET_MS);
        });
    });
  };

  later(SECOND_MS);
  return {
    spend(name: string, events: number): void {
      untold.set(name, (untold.get(name) ?? 0) + events);
      if (!isSoon && !trading) later(SECOND_MS);
    },
    async close(): Promise<void> {
      isClosed = true;
      stop?.();
      await trading;
    },
  };
};

/**
 * Makes budgets that processes share, as far as an intake lets them.
 * @param share By default each process has budgets of its own.
 */
export const shareBudgets = (
  budgets: Budgets,
  share: Share | undefined,
  runtime: Pick<Runtime, 'after' | 'elapsed'>,
): SharedBudgets => {
  const { address, subject } = budgets;
  const kinds = new Map(Object.entries({ address, subject }).filter(([, { isEndless }]) => !isEndless));
  if (!share || !kinds.size) return { budgets, close: async () => undefined };
  const { spend, close } = createSharing(share, kinds, runtime);
  const shared = (kind: string, budget: Budget): Budget =>
    budget.isEndless
      ? budget
      : {
          ...budget,
          async take(key, events) {
            const waitMs = await budget.take(key, events);
            if (waitMs === undefined) spend(`${kind} ${key}`, events);
            return waitMs;
          },
          async giveBack(key, events) {
            await budget.giveBack(key, events);
            spend(`${kind} ${key}`, -events);
          },
        };
  return {
    budgets: { ...budgets, address: shared('address', address), subject: shared('subject', subject) },
    close,
  };
};
