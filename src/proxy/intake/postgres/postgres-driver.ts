/** Runs the steps of transactions over Postgres, also through a pooler that gives each transaction another session. */
import type { QueryResult } from 'pg';
import type { Runtime } from '../../../runtime.js';
import { createJumps, type Jumps } from '../../forward/jumps.js';
import { patiently } from '../../patience.js';
import type { MakeSteps, SqlDriver, Statement, Steps, Value } from '../sql/driver.js';
import { createDatabaseClock } from './postgres-clock.js';
import type { Connections, Session } from './postgres-connections.js';
import { inWords, isMissing, isOwnFault, isPassing } from './postgres-failures.js';

/** A transaction that waits longer for its turn does not begin. */
const LONGEST_TURN_MS = 5_000;
/** If a transaction waited longer for its turn, its times are moved to when it began. */
const LATE_MS = 4_000;
const ATTEMPTS = 4;
const AGAIN_MS = 20;

/** A statement for Postgres, with numbers in the places of its values. */
interface Prepared {
  readonly text: string;
  /** Which of the statement's values belongs to each number. */
  readonly places: readonly number[];
}

/** Writes a statement as Postgres needs it: with the type of each value, and without values that it does not use. */
const prepare = ({ sql, params }: Statement): Prepared => {
  const places: number[] = [];
  const text = sql.replaceAll(/\?(\d+)/g, (_, digits: string) => {
    const at = Number(digits) - 1;
    const known = places.indexOf(at);
    const number = known < 0 ? places.push(at) : known + 1;
    return `$${number}::${typeof params[at] === 'number' ? 'bigint' : 'text'}`;
  });
  return { text, places };
};

/** A time may have fractions of milliseconds, and a bound may be infinite. */
const toValue = (value: Value | undefined): Value =>
  typeof value === 'number'
    ? Math.min(Math.max(Math.floor(value), -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
    : (value ?? null);

/** What begins a transaction. All settings are only for this transaction: the next one may have another session. */
const beginningOf = (schema: string) => {
  const settings = `
    SET LOCAL search_path = "${schema}", pg_temp;
    SET LOCAL statement_timeout = 5000;
    SET LOCAL idle_in_transaction_session_timeout = 5000;
    -- Rows are found by an index even if the database has no statistics of the tables yet.
    SET LOCAL enable_seqscan = off;
    SET LOCAL jit = off;`;
  const clock = 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now';
  return {
    write: `BEGIN ISOLATION LEVEL READ COMMITTED; ${settings}
      SET LOCAL synchronous_commit = on;
      LOCK TABLE gate IN EXCLUSIVE MODE;
      ${clock}`,
    read: `BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; ${settings} ${clock}`,
  };
};

/** What a transaction has found when it ends. */
export interface Found {
  /** Which tables they are: new ones have another secret, and copies of the same ones do not. Emptied ones have none. */
  readonly secret: string | null;
  /** How many events wait in them. */
  readonly waiting: number | null;
}

const COMMIT = 'SELECT (SELECT secret FROM turns) AS secret, max(open) AS waiting FROM open_counts; COMMIT';

/** What the driver needs besides connections. */
export interface DriverContext {
  /** The schema of the tables. */
  readonly schema: string;
  readonly runtime: Runtime;
  /** Resolves when the tables exist. */
  readonly ready: () => Promise<void>;
  /** Called when the connection to the server was lost: what was found out about the server may be wrong by now. */
  readonly onLost: () => void;
  readonly onFound: (found: Found) => void;
}

/** Makes the driver of a schema. */
export const createDriver = (
  connections: Connections,
  { schema, runtime, ready, onLost, onFound }: DriverContext,
): SqlDriver => {
  const beginning = beginningOf(schema);
  const clock = createDatabaseClock();
  /** The jumps of the database's clock, from the first time that it was known. */
  let jumps: Jumps | undefined;
  const prepared = new Map<string, Prepared>();
  let lastTurn: Promise<unknown> = Promise.resolve();

  const execute = async (session: Session, { sql, params }: Statement): Promise<readonly unknown[]> => {
    const known = prepared.get(sql) ?? prepare({ sql, params });
    prepared.set(sql, known);
    const { text, places } = known;
    const { rows } = await session.query<Readonly<Record<string, unknown>>>(
      text,
      places.map((at) => toValue(params[at])),
    );
    return rows;
  };

  const run = async <Result>(session: Session, steps: Steps<Result>): Promise<Result> => {
    let step = steps.next();
    while (!step.done) step = steps.next(await execute(session, step.value));
    return step.value;
  };

  const transact =
    <Result>(begin: string, makeSteps: MakeSteps<Result>, askedAt: number) =>
    async (session: Session): Promise<Result> => {
      const sentAt = runtime.now();
      // It consists of several statements, so there are as many results.
      const results = (await session.query(begin)) as unknown as readonly QueryResult<{ now: number }>[];
      const begunAt = runtime.now();
      clock.hear(sentAt, results.at(-1)?.rows[0]?.now ?? sentAt, begunAt);
      const lateMs = begunAt - askedAt;
      const aheadMs = clock.aheadMs() + (lateMs > LATE_MS ? lateMs : 0);
      jumps ??= createJumps({ now: () => runtime.now() + clock.aheadMs(), elapsed: runtime.elapsed });
      const result = await run(session, makeSteps(aheadMs, jumps.graceMs()));
      const ended = (await session.query(COMMIT)) as unknown as readonly QueryResult<Found>[];
      if (ended.at(-1)?.command !== 'COMMIT') throw new Error('Postgres did not commit.');
      const found = ended[0]?.rows[0];
      if (found) onFound(found);
      return result;
    };

  /** Retries a few times if another transaction was in the way, and once if the tables are gone: they are made anew. */
  const attempt = async <Result>(begin: string, makeSteps: MakeSteps<Result>, askedAt: number) => {
    for (let count = 1; ; count++)
      try {
        await ready();
        return await connections.use(transact(begin, makeSteps, askedAt));
      } catch (cause) {
        if (count < ATTEMPTS && isPassing(cause)) {
          const delayMs = AGAIN_MS * 2 ** count * runtime.random();
          await new Promise<void>((resolve) => runtime.after(delayMs, resolve));
          continue;
        }
        const told = inWords(cause);
        if (!isOwnFault(told)) onLost();
        if (count === 1 && isMissing(cause)) continue;
        throw told;
      }
  };

  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    let isLate = false;
    const stop = patiently(runtime, LONGEST_TURN_MS, () => {
      isLate = true;
    });
    const turn = lastTurn.then(() => {
      stop();
      if (isLate) throw new Error(`Postgres has been busy for ${LONGEST_TURN_MS / 1_000} s.`);
      return work();
    });
    lastTurn = turn.catch(() => undefined);
    return turn;
  };

  return {
    async write(makeSteps, glance) {
      const askedAt = runtime.now();
      const found = glance && (await attempt(beginning.read, glance, askedAt));
      return found ?? inTurn(() => attempt(beginning.write, makeSteps, askedAt));
    },
    read: (makeSteps) => attempt(beginning.read, makeSteps, runtime.now()),
    async close() {
      await lastTurn;
      await connections.close();
    },
  };
};
