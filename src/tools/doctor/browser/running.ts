/** Starts and ends the browser, and removes its files. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, CDPSession } from 'puppeteer-core';
import { COMMAND_MS, type Deadline, LOAD_MS } from '../limits.js';

/** How to start it. */
export interface RunningOptions {
  /** The browser's path. */
  readonly executablePath: string;
  readonly deadline: Deadline;
  /** Whether the process runs as root, where Chromium starts only without its sandbox. */
  readonly isRoot: boolean;
}

/** A browser that runs. */
export interface Running {
  readonly browser: Browser;
  /** Kills it at once. */
  kill(): void;
  /**
   * Cuts the network off, so that nothing leaves while the browser dies, kills it, so that no page can say farewell, and
   * removes its files.
   */
  end(session: CDPSession | undefined): Promise<void>;
}

const ARGS = [
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Below that Chromium makes a socket, whose path has at most 104 bytes on macOS and 108 on Linux. */
const LONGEST_FOLDER = 104 - '/org.chromium.Chromium.XXXXXX/SingletonSocket'.length;

/** Files that its helpers still write when they die are tried again. */
const REMOVING = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 } as const;

/**
 * Starts it.
 * @throws {Error} If puppeteer-core is not installed, or the browser does not start.
 */
export const startBrowser = async ({
  executablePath,
  deadline,
  isRoot,
}: RunningOptions): Promise<Running> => {
  const { default: puppeteer } = await import('puppeteer-core');
  // Chromium itself leaves folders in the one for temporary files.
  const folder = await mkdtemp(join(tmpdir(), 'offersight-doctor-'));
  const removeAtExit = (): void => {
    try {
      rmSync(folder, REMOVING);
    } catch {
      // What the doctor found does not depend on it.
    }
  };
  // Also if a signal ends this process, or a helper of the browser wrote until now.
  process.once('exit', removeAtExit);
  const remove = (): Promise<unknown> =>
    rm(folder, REMOVING).then(
      () => process.off('exit', removeAtExit),
      () => undefined,
    );
  try {
    const browser = await puppeteer.launch({
      executablePath,
      headless: true,
      // The browser ends with this process, even if the process is killed.
      pipe: true,
      args: [...ARGS, ...(isRoot ? ['--no-sandbox'] : [])],
      env: { ...process.env, ...(folder.length < LONGEST_FOLDER && { TMPDIR: folder }) },
      userDataDir: join(folder, 'profile'),
      defaultViewport: { width: 1280, height: 800 },
      timeout: deadline.stepMs(LOAD_MS),
      protocolTimeout: deadline.stepMs(COMMAND_MS),
    });
    const kill = (): void => {
      const child = browser.process();
      try {
        // Its helpers are of its group, and would write on.
        if (child?.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        child?.kill('SIGKILL');
      }
    };
    return {
      browser,
      kill,
      async end(session) {
        const offline = { offline: true, latency: 0, downloadThroughput: 0, uploadThroughput: 0 };
        await session?.send('Network.emulateNetworkConditions', offline).catch(() => undefined);
        const ended = new Promise((resolve) => browser.process()?.once('exit', resolve));
        if (browser.process()?.exitCode === null && browser.process()?.signalCode === null) {
          kill();
          await ended;
        }
        await remove();
      },
    };
  } catch (cause) {
    await remove();
    throw cause;
  }
};
