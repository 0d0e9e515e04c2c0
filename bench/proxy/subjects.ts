/** What is measured: servers by name, each in a process of its own. A further intake is one line here. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOfferProxy, type DirectIntake, directIntake, type Intake } from 'offersight/proxy';
import { bullmqIntake } from 'offersight/proxy/bullmq';
import { toNodeListener } from 'offersight/proxy/node';
import { sqliteIntake } from 'offersight/proxy/sqlite';

/** What a measured server runs with. */
export interface SubjectOptions {
  /** Where the stand-in upstream is. */
  readonly upstream: string;
  /** Its key. */
  readonly key: string;
  /** Where Redis is, for those that keep events there. */
  readonly redis: string;
  /** Whether events are settled as fast as they can be, by an upstream inside the process, at no pace at all. */
  readonly isSettling: boolean;
}

/** A running server. */
export interface Subject {
  readonly listener: RequestListener;
  /** Resolves when nothing that came is under way here any more, so that what is held then is kept. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Where an intake may keep what it takes. */
interface Places {
  /** The measurement's own. */
  readonly folder: string;
  /** URL of a server of the measurement's own. */
  readonly redis: string;
}

interface Measured {
  make(where: Places): Intake | DirectIntake;
  /** Whether it forwards before it answers, so that its upstream's time is its own. */
  readonly isForwardingFirst?: true;
  readonly isOnRedis?: true;
}

/** More than any bench takes: what is measured is taking, not saying no. */
const MAX_WAITING = 100_000_000;
/** The limit of small plans, which no busy page heeds. */
const SMALL_PLAN = { perMinute: 150 };
const NO_LIMIT = { perMinute: Number.MAX_SAFE_INTEGER, concurrent: 100 };

const INTAKES: Readonly<Record<string, Measured>> = {
  sqlite: {
    make: ({ folder }) => sqliteIntake({ file: join(folder, 'intake.sqlite'), maxWaiting: MAX_WAITING }),
  },
  direct: { make: () => directIntake(), isForwardingFirst: true },
  bullmq: {
    make: ({ redis }) => bullmqIntake({ connection: redis, maxWaiting: MAX_WAITING }),
    isOnRedis: true,
  },
};

/** The bare handler first, then every intake. */
export const SUBJECTS: readonly string[] = ['bare', ...Object.keys(INTAKES)];

/** Whether a subject wants an upstream that answers at once. */
export const isForwardingFirst = (name: string): boolean => INTAKES[name]?.isForwardingFirst ?? false;

/** Whether a subject needs a Redis server. */
export const isOnRedis = (name: string): boolean => INTAKES[name]?.isOnRedis ?? false;

/** Reads the body to its end and says so: what no server that takes events can do without. */
const bare = (): Subject => ({
  listener: (request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.once('end', () => response.end(JSON.stringify({ bytes })));
  },
  settled: async () => undefined,
  close: async () => undefined,
});

/** Settles what waits in large steps, in the place of a forwarder: none of them could go so fast as the events come. */
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
  const { upstream, key, redis, isSettling } = options;
  const folder = await mkdtemp(join(tmpdir(), 'offersight-bench-'));
  const inner = measured.make({ folder, redis });
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
