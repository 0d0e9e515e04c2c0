/** Lets the process that leads learn soon that another one has taken events. */
import { Client, type PoolConfig } from 'pg';
import type { Runtime, Stop } from '../../../runtime.js';
import type { Connections } from './postgres-pool.js';

/** How often one small row is read. */
const POLL_MS = 1_000;
/** Postgres commits notifications one after another, so there are few of them. */
const NOTIFY_MS = 250;
const RECONNECT_MS = 5_000;

/** Wakes the process that leads. */
export interface Waking {
  /** Calls `onWork` soon after another process took events, while this one leads. */
  watch(onWork: () => void): Stop;
  /** Call it when this process has taken events. */
  took(): void;
  close(): Promise<void>;
}

/** What waking needs. */
export interface WakingContext {
  readonly schema: string;
  /** How to reach the server past any pooler, if the host said so. */
  readonly listen: PoolConfig | undefined;
  readonly runtime: Runtime;
  readonly isLeading: () => boolean;
}

/** Listens to notifications on a connection of its own, until it is stopped. */
const listenOn = (config: PoolConfig, channel: string, runtime: Runtime, onWork: () => void) => {
  let isStopped = false;
  let client: Client | undefined;
  let stopTimer: Stop = () => undefined;

  const connect = async (): Promise<void> => {
    const connecting = new Client({ ...config, query_timeout: undefined });
    client = connecting;
    const again = (): void => {
      if (isStopped || client !== connecting) return;
      client = undefined;
      stopTimer = runtime.after(RECONNECT_MS, () => void connect());
    };
    connecting.on('error', again);
    connecting.on('end', again);
    connecting.on('notification', onWork);
    try {
      await connecting.connect();
      await connecting.query(`LISTEN "${channel}"`);
      // Notifications may have come before it listened.
      onWork();
    } catch {
      // The poll continues, and the forwarder reports what is wrong.
      again();
      await connecting.end().catch(() => undefined);
    }
  };

  void connect();
  return async (): Promise<void> => {
    isStopped = true;
    stopTimer();
    await client?.end().catch(() => undefined);
  };
};

/** Makes a {@link Waking}. */
export const createWaking = (
  connections: Connections,
  { schema, listen, runtime, isLeading }: WakingContext,
): Waking => {
  const channel = `offersight_${schema}`;
  // This also counts events whose transaction is not committed yet. That is fine, since beginning waits for that
  // commit.
  const look = `SELECT (SELECT last_value FROM "${schema}".events_arrival_seq) AS taken`;
  const stops = new Set<() => Promise<void>>();
  let isNotifying = false;
  let isClosed = false;

  const poll = (onWork: () => void): Stop => {
    let seen: number | undefined;
    let stopTimer: Stop = () => undefined;
    let isStopped = false;
    const ask = async (): Promise<void> => {
      if (!isLeading()) return;
      const { rows } = await connections.use((session) => session.query<{ taken: number }>(look));
      const taken = rows[0]?.taken;
      if (seen !== undefined && taken !== seen && !isStopped) onWork();
      seen = taken;
    };
    const next = (): void => {
      stopTimer = runtime.after(POLL_MS, () => {
        // If the database is away, the forwarder reports it.
        void ask()
          .catch(() => undefined)
          .finally(() => {
            if (!isStopped) next();
          });
      });
    };
    next();
    return () => {
      isStopped = true;
      stopTimer();
    };
  };

  const notify = async (): Promise<void> => {
    if (isClosed || isLeading()) return;
    await connections.use((session) => session.query(`NOTIFY "${channel}"`)).catch(() => undefined);
  };

  return {
    watch(onWork) {
      const stopPolling = poll(onWork);
      const stopListening = listen && listenOn(listen, channel, runtime, onWork);
      let stopping: Promise<void> | undefined;
      const stop = (): Promise<void> => {
        stopPolling();
        stopping ??= Promise.resolve(stopListening?.()).finally(() => stops.delete(stop));
        return stopping;
      };
      stops.add(stop);
      return () => void stop();
    },

    took() {
      // Without `listen` no process listens.
      if (!listen || isNotifying || isLeading()) return;
      isNotifying = true;
      void notify();
      runtime.after(NOTIFY_MS, () => {
        isNotifying = false;
      });
    },

    async close() {
      isClosed = true;
      await Promise.all([...stops].map((stop) => stop()));
    },
  };
};
