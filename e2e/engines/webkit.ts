/** WebKitGTK's MiniBrowser, through its WebDriver on a screen that nobody sees. Every tab is a window. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { WebKitPlace } from '../../scripts/ensure-engines.mjs';
import { freePort } from '../fixtures/free-port.js';
import { type Engine, type Key, type Tab, VIEWPORT } from './engine.js';
import { execute, findElement, isReady, openSession, perform, type Session } from './webdriver.js';

/** The private-use code points that WebDriver gives to keys without a character. */
const KEYS: Readonly<Record<Key, string>> = { Escape: '\uE00C', Enter: '\uE007', Tab: '\uE004' };

const POLL_MS = 50;
const START_DEADLINE_MS = 20_000;

/** A driver that listens, on a screen of its own. */
const startDriver = async ({ screen, driver }: WebKitPlace): Promise<[base: string, child: ChildProcess]> => {
  const port = await freePort();
  const options = ['-a', '-s', '-screen 0 1600x1200x24', driver, `--port=${port}`];
  const child = spawn(screen, options, { stdio: 'ignore', detached: true });
  const base = `http://127.0.0.1:${port}`;
  const startedAt = Date.now();
  while (!(await isReady(base))) {
    if (child.exitCode !== null || Date.now() - startedAt > START_DEADLINE_MS) {
      throw new Error(`${driver} does not listen under ${screen} (exit code ${child.exitCode})`);
    }
    await setTimeout(POLL_MS);
  }
  return [base, child];
};

/** Makes the viewport of the current window as large as in the other engines. */
const resize = async (session: Session): Promise<void> => {
  const outer = { ...VIEWPORT };
  await session.command('POST', '/window/rect', outer);
  const height = (await execute(session, '() => innerHeight', [])) as number;
  await session.command('POST', '/window/rect', { ...outer, height: outer.height * 2 - height });
};

/** Starts a MiniBrowser whose profile lives in memory. */
export const startWebKit = async (place: WebKitPlace): Promise<Engine> => {
  const [base, child] = await startDriver(place);
  const session = await openSession(base, {
    'webkitgtk:browserOptions': { binary: place.browser, args: ['--automation'] },
  });
  const first = (await session.command('GET', '/window')) as string;

  // A session has one current window, so commands of several tabs wait for each other.
  let line: Promise<unknown> = Promise.resolve();
  let current = first;
  const inTurn = <Result>(act: () => Promise<Result>): Promise<Result> => {
    const turn = line.then(act);
    line = turn.catch(() => undefined);
    return turn;
  };
  const tell = async (...command: Parameters<Session['command']>): Promise<void> => {
    await session.command(...command);
  };
  const switchTo = async (handle: string): Promise<void> => {
    if (current !== handle) await tell('POST', '/window', { handle });
    current = handle;
  };

  const tabOf = (handle: string): Tab => {
    const inTab = <Result>(act: () => Promise<Result>): Promise<Result> =>
      inTurn(async () => {
        await switchTo(handle);
        return act();
      });
    return {
      goto: (url) => inTab(() => tell('POST', '/url', { url })),
      reload: () => inTab(() => tell('POST', '/refresh')),
      evaluate: (act, ...args) => inTab(async () => (await execute(session, act.toString(), args)) as never),
      click: (selector) =>
        inTab(async () => {
          const origin = await findElement(session, selector);
          await perform(session, 'pointer', [
            { type: 'pointerMove', origin, x: 0, y: 0 },
            { type: 'pointerDown', button: 0 },
            { type: 'pointerUp', button: 0 },
          ]);
        }),
      clickAt: (x, y) =>
        inTab(() =>
          perform(session, 'pointer', [
            { type: 'pointerMove', x, y },
            { type: 'pointerDown', button: 0 },
            { type: 'pointerUp', button: 0 },
          ]),
        ),
      press: (key) =>
        inTab(() =>
          perform(session, 'key', [
            { type: 'keyDown', value: KEYS[key] },
            { type: 'keyUp', value: KEYS[key] },
          ]),
        ),
      wheel: (deltaY) =>
        inTab(() =>
          perform(session, 'wheel', [
            { type: 'scroll', x: VIEWPORT.width / 2, y: VIEWPORT.height / 2, deltaX: 0, deltaY },
          ]),
        ),
      // Windows of a screen without a window manager do not hide each other.
      show: () => inTab(() => Promise.resolve()),
      close: () => inTab(() => tell('DELETE', '/window')),
    };
  };

  return {
    version: session.version,
    async visitor() {
      const open = new Map<string, Tab>();
      return {
        open: async (url) => {
          const { handle } = await inTurn(async () => {
            // A session whose current window is closed cannot open another one.
            await switchTo(first);
            return (await session.command('POST', '/window/new', { type: 'window' })) as { handle: string };
          });
          const tab = tabOf(handle);
          open.set(handle, tab);
          await inTurn(async () => {
            await switchTo(handle);
            await resize(session);
          });
          await tab.goto(url);
          return {
            ...tab,
            close: async () => {
              open.delete(handle);
              await tab.close();
            },
          };
        },
        async leave() {
          for (const tab of open.values()) await tab.close();
        },
      };
    },
    async close() {
      const ended = once(child, 'exit');
      await session.command('DELETE', '').catch(() => undefined);
      // The screen ends with the process group.
      if (child.pid) process.kill(-child.pid, 'SIGTERM');
      await ended;
    },
  };
};
