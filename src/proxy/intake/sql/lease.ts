/** Who forwards the events of a lane: the lease that one process holds at a time, and whether its holder surely ended. */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, platform } from 'node:os';
import { SLACK_MS } from '../rules.js';
import type { SqlDriver, Transaction } from './driver.js';
import { IN_FLIGHT, type LaneTable } from './rows.js';

const MINUTE_MS = 60_000;

/** A process leads for so long without renewing. */
const LEAD_MS = 30_000;

interface Lease {
  token: string;
  host: string;
  pid: number;
  until: number;
}

/**
 * Which table of processes this one is in. The host name is not enough: machines of one image may have the same name,
 * and containers of one machine have tables of their own.
 */
const tableOf = (): string => {
  if (platform() !== 'linux') return hostname();
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${hostname()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // A name like no other, so that nobody concludes anything from a process id.
    return `${hostname()} ${randomUUID()}`;
  }
};

/**
 * Not found out as the module loads: workerd refuses to load one that asks for something random
 * (https://developers.cloudflare.com/workers/runtime-apis/handlers/).
 */
let table: string | undefined;
const whereabouts = (): string => (table ??= tableOf());

/** Says whether the holder surely ended: after a crash the next process need not wait until the lease runs out. */
const isOver = ({ host, pid }: Pick<Lease, 'host' | 'pid'>): boolean => {
  // Process ids of another machine or container mean nothing here.
  if (host !== whereabouts()) return false;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
};

const statementsOf = (table: LaneTable) => ({
  lease: `SELECT token, host, pid, until FROM leads WHERE lane = '${table}'`,
  take: `INSERT INTO leads (lane, token, host, pid, until) VALUES ('${table}', ?1, ?2, ?3, ?4)
    ON CONFLICT (lane) DO UPDATE
    SET token = excluded.token, host = excluded.host, pid = excluded.pid, until = excluded.until`,
  drop: `DELETE FROM leads WHERE lane = '${table}' AND token = ?1`,
  orphan: `UPDATE ${table} SET due_at = 0, is_ambiguous = 1 WHERE settled_at IS NULL AND state = 'forwarding'`,
  // Nobody knows when the upstream counted the calls that the former leader had begun.
  recount: `UPDATE paced_calls SET at = ?1 WHERE lane = '${table}' AND at < ?1 AND event IN
    (SELECT id FROM ${table} WHERE settled_at IS NULL AND due_at = ${IN_FLIGHT})`,
  forgetCalls: `DELETE FROM paced_calls WHERE lane = '${table}' AND at <= ?1`,
});

export const createLease = (driver: SqlDriver, table: LaneTable) => {
  const statements = statementsOf(table);
  /** The process whose lead was taken through this lane. */
  let leader: string | undefined;

  async function find(tx: Transaction): Promise<Lease | undefined> {
    const [held] = await tx.ask<Lease>(statements.lease);
    return held;
  }

  const isAnothers = (held: Lease | undefined, token: string, now: number): boolean => {
    // No lease is given out for so long ahead: one that ends later was made under another clock. The slack is for a
    // lease that was renewed while this transaction waited for its turn.
    const isFresh = held && held.until > now && held.until <= now + LEAD_MS + SLACK_MS;
    return isFresh === true && held.token !== token && !isOver(held);
  };

  async function take(tx: Transaction, token: string, now: number): Promise<boolean> {
    const held = await find(tx);
    if (isAnothers(held, token, now)) return false;
    if (held?.token !== token) {
      await tx.ask(statements.recount, now);
      await tx.ask(statements.orphan);
    }
    await tx.ask(statements.take, token, whereabouts(), process.pid, now + LEAD_MS);
    await tx.ask(statements.forgetCalls, now - MINUTE_MS);
    return true;
  }

  return {
    async lead(token: string, now: number): Promise<boolean> {
      const leads = await driver.write(
        (tx) => take(tx, token, now + tx.aheadMs),
        // A process that does not lead asks with each event that it takes, and a read does not delay the others.
        async (tx) => (isAnothers(await find(tx), token, now + tx.aheadMs) ? false : undefined),
      );
      if (leads) leader = token;
      return leads;
    },

    async resign(token: string): Promise<void> {
      await driver.write((tx) => tx.ask(statements.drop, token));
    },

    /** Says whether the lead that was taken here belongs to another process now. */
    async isDeposed(tx: Transaction): Promise<boolean> {
      return leader !== undefined && (await find(tx))?.token !== leader;
    },
  };
};

export type LaneLease = ReturnType<typeof createLease>;
