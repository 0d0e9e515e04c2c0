/** Who forwards: the lease that one process holds at a time, and whether its holder surely ended. */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, platform } from 'node:os';

/** Who leads, and until when, epoch milliseconds. */
export interface Lease {
  token: string;
  host: string;
  pid: number;
  until: number;
}

/** How long one process leads without renewing. */
export const LEAD_MS = 30_000;

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

let table: string | undefined;

/**
 * Where this process is, for a lease's `host`. Not found out as the module loads: workerd refuses to load one that asks for
 * something random (https://developers.cloudflare.com/workers/runtime-apis/handlers/).
 */
export const whereabouts = (): string => {
  table ??= tableOf();
  return table;
};

/** Whether the holder surely ended: after a crash the next process need not wait until the lease runs out. */
export const isOver = ({ host, pid }: Pick<Lease, 'host' | 'pid'>): boolean => {
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
