/** Starts the thread that has an intake's file. Waits for its message if the host has to know at once. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { OffersightError } from '../../../errors.js';
import { platformRuntime } from '../../../runtime.js';
import type { Claim, PackedError, Request, Said, ThreadStart } from './sqlite-calls.js';
import { unpackError } from './sqlite-errors.js';

/** A thread. */
export interface Running {
  readonly worker: Worker;
  /**
   * Waits, and blocks this thread, until the other one has said how opening went.
   * @throws What went wrong.
   */
  opened(): void;
  /** Waits for the same without blocking this thread. */
  openedAsync(): Promise<void>;
  /** Says whose events it keeps, and waits in the same way. */
  claim(claim: Claim): void;
  /** Why it could not open, once it has ended. */
  readonly failure: Error | undefined;
}

/**
 * Opening may wait for 5 s until another process is ready. Claiming may wait for as long behind calls that are under
 * way.
 */
const LONGEST_MS = 20_000;
/**
 * After one that said nothing at all, further ones have so long to open, until one does. A bundle that broke the thread
 * breaks it each time, and a framework that loads a route again for each request would stand still for as long each time.
 */
const ONCE_BROKEN_MS = 1_000;
let openingMs = LONGEST_MS;

const REMEDY =
  "If the server is bundled, leave the package offersight out of the bundle, so that it is loaded from node_modules. In Next, set serverExternalPackages: ['offersight'] in next.config.ts.";

const NOT_INSTALLED = 'This intake needs a package that is not installed. Add it with: npm install libsql';

const notStarted = (why: string, cause?: unknown): OffersightError =>
  new OffersightError('configuration', `The intake cannot start its thread: ${why} ${REMEDY}`, cause);

/**
 * Whether this file exists and the thread's does not. If this file is not where it says, as in a bundle, nobody knows.
 */
const isMissing = (): boolean => {
  try {
    const here = fileURLToPath(import.meta.url);
    return existsSync(here) && !existsSync(join(dirname(here), 'sqlite-thread.js'));
  } catch {
    return false;
  }
};

/** The error of a module that could not be loaded, here or in the thread. */
const notLoaded = (cause: Error): OffersightError => {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND')
    return notStarted('see what broke.', cause);
  return message.includes('libsql')
    ? new OffersightError('configuration', NOT_INSTALLED, cause)
    : notStarted('a file of the package is not there.', cause);
};

/**
 * Loads libsql in this thread too. Node unloads native code with the last thread that has it, and libsql may still run
 * threads of its own then. An import at the top of a file would end a bundle in libsql's words, before the proxy is
 * created and says what is wrong.
 */
const loadLibsql = (): void => {
  try {
    createRequire(import.meta.url)('libsql');
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    throw notLoaded(error);
  }
};

const makeWorker = (workerData: ThreadStart): Worker => {
  // This never happens. Tools that trace files find here what the thread imports, since they do not look into a thread.
  if (!workerData.said.byteLength) void import('./sqlite-serving.js');
  if (isMissing()) throw notStarted('there is no file sqlite-thread.js beside the file that starts it.');
  loadLibsql();
  try {
    // Written in this form, since bundlers and tools that trace files look for it.
    return new Worker(new URL('./sqlite-thread.js', import.meta.url), {
      workerData,
      transferList: [workerData.door],
      name: 'offersight-sqlite',
      // Modules that the host preloads are not for this thread, and some flags do not allow a file.
      execArgv: [],
    });
  } catch (cause) {
    throw notStarted('see what broke.', cause);
  }
};

/** The error of a thread that could not open the file. */
const failureOf = (packed: PackedError): Error => {
  const cause = unpackError(packed);
  return packed.name === 'OffersightError' ? cause : notLoaded(cause);
};

/**
 * Starts the thread.
 * @throws {OffersightError} `configuration` if it cannot be started.
 */
export const startThread = (start: Omit<ThreadStart, 'door' | 'said'>): Running => {
  const { port1: door, port2 } = new MessageChannel();
  const said = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const count = new Int32Array(said);
  const worker = makeWorker({ ...start, door: port2, said });
  let [expected, heard] = [1, 0];
  let failure: Error | undefined;

  const hear = (): void => {
    for (;;) {
      const received: { readonly message: Said } | undefined = receiveMessageOnPort(door);
      if (!received) return;
      heard++;
      failure = received.message.failure && failureOf(received.message.failure);
    }
  };

  const { elapsed, after } = platformRuntime();
  const wait = (longestMs: number): void => {
    const isOpening = expected === 1;
    const givesUpAt = elapsed() + longestMs;
    for (;;) {
      const before = Atomics.load(count, 0);
      hear();
      if (heard >= expected) break;
      const leftMs = givesUpAt - elapsed();
      if (leftMs <= 0) {
        if (isOpening) openingMs = ONCE_BROKEN_MS;
        throw notStarted(longestMs ? `it said nothing for ${longestMs / 1_000} s.` : 'it said nothing.');
      }
      Atomics.wait(count, 0, before, leftMs);
    }
    openingMs = LONGEST_MS;
    if (failure) throw failure;
  };

  return {
    worker,
    opened: () => wait(openingMs),
    async openedAsync() {
      await new Promise<void>((resolve) => {
        // This blocks no thread, so an earlier failure does not shorten it.
        const stopTimer = after(LONGEST_MS, resolve);
        // Its first message says that it is open. If it could not be opened, the thread ends.
        for (const event of ['message', 'exit'] as const)
          worker.once(event, () => {
            stopTimer();
            resolve();
          });
      });
      wait(0);
    },
    claim(claim) {
      expected++;
      worker.postMessage({ kind: 'claim', claim } satisfies Request);
      wait(LONGEST_MS);
    },
    get failure() {
      hear();
      return failure;
    },
  };
};
