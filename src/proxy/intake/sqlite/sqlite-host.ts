/** The host's side of the thread: it sends calls, receives answers, and starts a thread again that died. */
import { platformRuntime } from '../../../runtime.js';
import type { Bookkeeping } from '../ledger.js';
import type { Ask, Call, Claim, LaneName, Reply } from './sqlite-calls.js';
import { unpackError } from './sqlite-errors.js';
import type { IntakeFile } from './sqlite-intake.js';
import { type Running, startThread } from './sqlite-start.js';

/** An intake in its thread. */
export interface Host {
  /** Resolves with the thread's answer. Rejects with what went wrong there, or if the thread ends first. */
  ask(ask: Ask, ...given: readonly unknown[]): Promise<unknown>;
  /** Returns a new number each time. */
  number(): number;
  /**
   * Blocks the calling thread until the other one has stored whose events it keeps.
   * @throws {OffersightError} `configuration` if it keeps another site's.
   */
  claim(site: string, bookkeeping: Bookkeeping): void;
  /** Closes the intake, and ends the thread. */
  close(): Promise<void>;
}

interface Caller {
  resolve(result: unknown): void;
  reject(cause: Error): void;
}

/** A thread that dies as it begins is not started again sooner. */
const AGAIN_MS = 1_000;

const ended = (cause?: Error): Error =>
  Object.assign(
    new Error('The thread of the intake ended before it answered. It is started again.', { cause }),
    { code: 'ERR_WORKER_NOT_RUNNING' },
  );

/** Whether a thread that keeps the events of one claim keeps those of the other. */
const isSame = (one: Claim | undefined, other: Claim): boolean =>
  one?.site === other.site &&
  one.groups?.size === other.groups?.size &&
  [...(other.groups ?? [])].every((group) => one.groups?.has(group));

const createHost = (file: IntakeFile, first?: Claim): { readonly host: Host; readonly thread: Running } => {
  const { elapsed } = platformRuntime();
  const callers = new Map<number, Caller>();
  /** The lanes that this process led, and those of them whose thread has been started again since. */
  const led = new Set<LaneName>();
  const forgotten = new Set<LaneName>();
  let numbers = 0;
  let startedAt = 0;
  let claimed = first;
  let bookkeeping: Bookkeeping = {};
  let running: Running | undefined;
  let lastFailure: Error | undefined;
  let closing: Promise<void> | undefined;

  /** An idle thread must not keep the process alive. A caller that waits for an answer does. */
  const rest = (): void => {
    if (!callers.size) running?.worker.unref();
  };

  const hear = (reply: Reply): void => {
    if ('isOpen' in reply) return;
    if ('alert' in reply) {
      bookkeeping.onAlert?.(reply.alert);
      return;
    }
    const caller = callers.get(reply.id);
    callers.delete(reply.id);
    rest();
    if ('failure' in reply) caller?.reject(unpackError(reply.failure));
    else caller?.resolve(reply.result);
  };

  const start = (): Running => {
    startedAt = elapsed();
    const thread = startThread({ ...file, claim: claimed });
    let broken: Error | undefined;
    thread.worker
      // Node forgets an `unref` from before the thread was online.
      .on('online', rest)
      .on('message', hear)
      .on('error', (cause) => {
        broken = cause instanceof Error ? cause : new Error(String(cause));
      })
      .on('exit', () => {
        if (running === thread) running = undefined;
        lastFailure = thread.failure ?? ended(broken);
        for (const lane of led) forgotten.add(lane);
        const left = [...callers.values()];
        callers.clear();
        for (const { reject } of left) reject(lastFailure);
      });
    return thread;
  };

  /** The thread, started again if it died. */
  const alive = (): Running => {
    if (running) return running;
    if (closing) throw new Error('The intake is closed.');
    if (lastFailure && elapsed() - startedAt < AGAIN_MS) throw lastFailure;
    running = start();
    return running;
  };

  const ask = async (asked: Ask, ...given: readonly unknown[]): Promise<unknown> => {
    const { worker } = alive();
    const id = ++numbers;
    return new Promise((resolve, reject) => {
      worker.postMessage({ ...asked, id, given } satisfies Call);
      callers.set(id, { resolve, reject });
      worker.ref();
    });
  };

  const askLane = async (asked: Ask & { kind: 'lane' }, given: readonly unknown[]): Promise<unknown> => {
    const { lane, method } = asked;
    // Only the thread in which this process began to lead notices if another process leads since.
    if (method === 'begin' && forgotten.has(lane))
      throw new Error('The thread of the intake was started again, so its leader has to lead again.');
    const result = await ask(asked, ...given);
    if (method === 'lead' && result === true) {
      led.add(lane);
      forgotten.delete(lane);
    }
    return result;
  };

  const close = async (): Promise<void> => {
    const thread = running;
    if (!thread) return;
    const isOver = new Promise((resolve) => thread.worker.once('exit', resolve));
    // If the thread has ended, the intake is closed.
    const failure = await ask({ kind: 'intake', method: 'close' }).then(
      () => undefined,
      (cause: unknown) => running && { cause },
    );
    await thread.worker.terminate();
    await isOver;
    if (failure) throw failure.cause;
  };

  const thread = start();
  running = thread;
  rest();

  const host: Host = {
    ask: (asked, ...given) => (asked.kind === 'lane' ? askLane(asked, given) : ask(asked, ...given)),
    number: () => ++numbers,
    claim(site, books) {
      const claim = { site, groups: books.groups };
      if (!isSame(claimed, claim)) alive().claim(claim);
      claimed = claim;
      bookkeeping = books;
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
  return { host, thread };
};

/**
 * Opens an intake in a thread of its own, and blocks this thread until it is open.
 * @throws {OffersightError} `configuration` if the file cannot be opened, or the thread cannot be started.
 */
export const openHost = (file: IntakeFile): Host => {
  const { host, thread } = createHost(file);
  try {
    thread.opened();
  } catch (cause) {
    void thread.worker.terminate();
    throw cause;
  }
  return host;
};

/**
 * Opens an intake in the same way, and does not block: this thread may answer for other sites.
 * @param claim Whose events it keeps, if that is known: claiming later would block this thread as long as the file is locked.
 * @throws {OffersightError} As {@link openHost}, and `configuration` if it keeps another site's events.
 */
export const openHostAsync = async (file: IntakeFile, claim?: Claim): Promise<Host> => {
  const { host, thread } = createHost(file, claim);
  try {
    await thread.openedAsync();
  } catch (cause) {
    void thread.worker.terminate();
    throw cause;
  }
  return host;
};
