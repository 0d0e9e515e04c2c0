/** The servers that are measured, by name, each in a process of its own. A further intake is one line here. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOfferProxy, type DirectIntake, directIntake, type Intake, type Lane } from 'offersight/proxy';
import { toNodeListener } from 'offersight/proxy/node';
import { postgresIntake } from 'offersight/proxy/postgres';
import { sqliteIntake } from 'offersight/proxy/sqlite';

/** What a measured server runs with. */
export interface SubjectOptions {
  /** Where the mock API is. */
  readonly upstream: string;
  /** Its key. */
  readonly key: string;
  /** Where Postgres is, for those that keep events there. */
  readonly postgres: string;
  /** Whether an upstream inside the process settles events as fast as possible, without a pace. */
  readonly isSettling: boolean;
}

/** A running server. */
export interface Subject {
  readonly listener: RequestListener;
  /** Resolves when nothing is under way here any more, so that the memory in use then is really kept. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Where an intake may keep what it takes. */
interface Places {
  /** The measurement's own. */
  readonly folder: string;
  /** The URL of a server of the measurement's own. */
  readonly postgres: string;
}

interface Measured {
  make(where: Places): Intake | DirectIntake;
  /** Whether it forwards before it answers, so that its upstream's time is its own. */
  readonly isForwardingFirst?: true;
  readonly isOnPostgres?: true;
}

/** More than any bench takes, so that nothing is refused for want of room. */
const MAX_WAITING = 100_000_000;
/** The limit of small plans, which busy pages exceed. */
const SMALL_PLAN = { perMinute: 150 };
const NO_LIMIT = { perMinute: Number.MAX_SAFE_INTEGER, concurrent: 100 };

async function* noPortions(): AsyncGenerator<never> {
  yield* [];
}

const NO_LANE: Lane = {
  lead: async () => false,
  resign: async () => undefined,
  begin: async () => ({ rows: [], nextAt: undefined, expired: 0 }),
  finish: async () => undefined,
  note: async () => undefined,
  status: async () => ({ waiting: 0, oldestAt: undefined, lastMinute: 0, note: {}, dead: {} }),
  list: async () => [],
  tally: noPortions,
  retry: async () => 0,
  purge: async () => 0,
};

/** Accepts everything and keeps nothing, which shows what a proxy costs without its intake. */
const nothing = (): Intake => ({
  ...NO_LANE,
  usage: NO_LANE,
  claim: () => undefined,
  take: async (events) => new Map(events.map(({ id }) => [id, { kind: 'accepted' }])),
  knows: async () => new Set(),
  accept: async () => new Map(),
  ledger: noPortions,
  nameKey: async () => 'nothing-is-kept',
  endSessions: async () => undefined,
  sessionsEnded: async () => 0,
  noteDoor: async () => undefined,
  door: async () => ({ requests: {}, refused: {}, alerts: [] }),
  close: async () => undefined,
});

const INTAKES: Readonly<Record<string, Measured>> = {
  nothing: { make: nothing },
  sqlite: {
    make: ({ folder }) => sqliteIntake({ file: join(folder, 'intake.sqlite'), maxWaiting: MAX_WAITING }),
  },
  postgres: {
    make: ({ postgres }) => postgresIntake({ connection: postgres, maxWaiting: MAX_WAITING }),
    isOnPostgres: true,
  },
  direct: { make: () => directIntake(), isForwardingFirst: true },
};

/** The bare handler first, then every intake. */
export const SUBJECTS: readonly string[] = ['bare', ...Object.keys(INTAKES)];

/** Whether a subject wants an upstream that answers at once. */
export const isForwardingFirst = (name: string): boolean => INTAKES[name]?.isForwardingFirst ?? false;

/** Whether a subject needs a Postgres server. */
export const isOnPostgres = (name: string): boolean => INTAKES[name]?.isOnPostgres ?? false;

/** Reads the body, parses it and answers, which is the least that a server of events has to do. */
const bare = (): Subject => ({
  listener: (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.once('end', () => {
      const { events } = JSON.parse(text) as { readonly events: readonly object[] };
      response.end(JSON.stringify({ events: events.length }));
    });
  },
  settled: async () => undefined,
  close: async () => undefined,
});

/** Settles waiting events in large steps, since no forwarder could be as fast as these events come. */
const settling = (
  intake: Intake,
): Pick<Subject, 'settled'> & { readonly intake: Intake; stop(): Promise<void> } => {
  const token = 'bench';
  let isStopped = false;
  const waiters: (() => void)[] = [];
  const settle = async (): Promise<void> => {
    while (!isStopped) {
      await intake.lead(token, Date.now());
      const begun = await intake.begin({ now: Date.now(), limit: 1_000, perMinute: Number.MAX_SAFE_INTEGER });
      const finished = begun.rows.map(({ id }) => ({ id, result: { kind: 'done' } as const }));
      if (finished.length) await intake.finish(finished, Date.now());
      else for (const go of waiters.splice(0)) go();
      await new Promise((resolve) => setTimeout(resolve, finished.length ? 0 : 20));
    }
  };
  const settled = settle();
  return {
    intake: { ...intake, lead: async () => false },
    settled: () => new Promise((resolve) => waiters.push(resolve)),
    async stop() {
      isStopped = true;
      await settled;
    },
  };
};

const proxied = async (measured: Measured, options: SubjectOptions): Promise<Subject> => {
  const { upstream, key, postgres, isSettling } = options;
  const folder = await mkdtemp(join(tmpdir(), 'offersight-bench-'));
  const inner = measured.make({ folder, postgres });
  const settler = isSettling && 'begin' in inner ? settling(inner) : undefined;
  const proxy = createOfferProxy({
    site: 'offersight-test',
    apiKey: key,
    baseUrl: upstream,
    intake: settler?.intake ?? inner,
    pace: measured.isForwardingFirst ? NO_LIMIT : SMALL_PLAN,
  });
  return {
    listener: toNodeListener(proxy),
    settled: async () => settler?.settled(),
    async close() {
      await settler?.stop();
      await proxy.close();
      await rm(folder, { recursive: true });
    },
  };
};

/** Starts one of {@link SUBJECTS}. */
export const startSubject = async (name: string, options: SubjectOptions): Promise<Subject> => {
  const measured = INTAKES[name];
  return measured ? proxied(measured, options) : bare();
};

/** Listens on a free port of loopback. */
export const listen = async ({ listener }: Subject): Promise<string> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
};
