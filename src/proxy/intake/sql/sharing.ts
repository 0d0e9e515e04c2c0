/** How processes that share a database share their budgets. Each adds a row with what it gave out. */
import type { Intake } from '../intake.js';
import { type Heard, KEPT_MS, PRESENT_MS, type Spent, sumUp, toText } from '../sharing.js';
import { createNaming } from './lines.js';
import { ask, type SqlDriver, type Steps } from './steps.js';

const OTHERS = 'SELECT 1 FROM budgets WHERE process <> ?1 AND at > ?2 LIMIT 1';
// Rows of the future were written under another clock.
const FORGET = 'DELETE FROM budgets WHERE at <= ?1 OR at > ?2';
// What came after its own last row is of others. If that is forgotten already, so is all that came before.
const HEAR = `SELECT spent FROM budgets
  WHERE arrival > coalesce((SELECT max(arrival) FROM budgets WHERE process = ?1), 0)`;
const LEAVE = 'DELETE FROM budgets WHERE process = ?1';
const TELL = 'INSERT INTO budgets (process, at, spent) VALUES (?1, ?2, ?3)';

/** Shares budgets until this process leaves. */
interface Sharing {
  readonly share: NonNullable<Intake['share']>;
  /**
   * Removes what this process stored. If no other process runs later, hashes of visitors would otherwise stay beside the
   * secret that they were made with.
   */
  leave(): Promise<void>;
}

/** Makes what shares budgets. */
export const createSharing = (driver: SqlDriver): Sharing => {
  const nameVisitor = createNaming();
  /** By which names this process may have stored something. */
  const told = new Set<string>();
  let toldAt = -Infinity;
  let isAlone = true;

  function* hasOthers(process: string, now: number): Steps<boolean> {
    return (yield* ask(OTHERS, process, now - KEPT_MS)).length > 0;
  }

  function* trade(process: string, spent: readonly Spent[], now: number): Steps<Heard | undefined> {
    yield* ask(FORGET, now - KEPT_MS, now + KEPT_MS);
    if (!(yield* hasOthers(process, now))) {
      yield* ask(TELL, process, now, '[]');
      return undefined;
    }
    const heard = yield* ask<{ readonly spent: string }>(HEAR, process);
    const names: string[] = [];
    for (const { name } of spent) names.push(yield* nameVisitor(name));
    yield* ask(TELL, process, now, toText(names, spent));
    return { names, others: sumUp(heard.map((row) => row.spent)) };
  }

  return {
    async share(process, spent, now) {
      const isPresent = now >= toldAt && now - toldAt < PRESENT_MS;
      // A process that is alone writes nothing in between.
      if (isAlone && isPresent && !(await driver.read((aheadMs = 0) => hasOthers(process, now + aheadMs))))
        return undefined;
      told.add(process);
      const heard = await driver.write((aheadMs = 0) => trade(process, spent, now + aheadMs));
      toldAt = now;
      isAlone = heard === undefined;
      return heard;
    },

    async leave() {
      for (const process of told) await driver.write(() => ask(LEAVE, process));
    },
  };
};
