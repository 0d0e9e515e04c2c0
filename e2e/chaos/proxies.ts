/** Two proxies over one intake file behind a small TCP balancer. One that ends is started again a moment later. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ServerEvent } from 'offersight/proxy';
import type { CrashPoint } from '../fixtures/crash-points.js';

/** The proxies. */
export interface Proxies {
  /** Where the balancer listens. */
  readonly port: number;
  /** One file of rows for each process that ever ran. */
  readonly rowFiles: readonly string[];
  /** Makes a proxy end itself as soon as it comes to this point. */
  arm(index: number, point: CrashPoint): void;
  /**
   * Reports an event to a proxy as the host's own program does.
   * @returns Whether the proxy said that it has the event; it may have it all the same.
   */
  report(index: number, event: ServerEvent): Promise<boolean>;
  kill(index: number, signal: 'SIGKILL' | 'SIGTERM'): void;
  /** Resolves when both proxies run and neither is armed any more. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

interface Slot {
  child: ChildProcess | undefined;
  port: number | undefined;
  isArmed: boolean;
  starting: Promise<void> | undefined;
}

/** After so long without a reply, the host's program reports an event again, milliseconds. */
const REPORT_MS = 5_000;
const MAIN = fileURLToPath(new URL('./proxy-process.ts', import.meta.url));

/**
 * Starts them.
 * @param onEnded Called for each proxy that ended without being asked to, with how it ended.
 */
export const startProxies = async (
  options: {
    readonly folder: string;
    readonly upstream: string;
    readonly key: string;
    readonly restartMs: number;
  },
  onEnded: (name: string, signal: NodeJS.Signals | null) => void,
): Promise<Proxies> => {
  const rowFiles: string[] = [];
  const slots: Slot[] = [0, 1].map(() => ({
    child: undefined,
    port: undefined,
    isArmed: false,
    starting: undefined,
  }));
  let isClosing = false;
  let serial = 0;

  const start = async (slot: Slot): Promise<void> => {
    const name = `proxy-${++serial}`;
    const rows = join(options.folder, `${name}.jsonl`);
    rowFiles.push(rows);
    const { upstream, key, folder } = options;
    const named = { name, upstream, key, file: join(folder, 'intake.sqlite'), rows };
    const child = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        MAIN,
        ...Object.entries(named).flatMap(([option, value]) => [`--${option}`, value]),
      ],
      { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
    );
    slot.child = child;
    slot.isArmed = false;
    child.once('exit', (_code, signal) => {
      slot.child = undefined;
      slot.port = undefined;
      if (isClosing) return;
      onEnded(name, signal);
      slot.starting = wait(options.restartMs).then(() => (isClosing ? undefined : start(slot)));
    });
    if (!child.stdout) throw new Error('the proxy has no standard output');
    // A kill may come before the proxy listens. Then the next one is already starting.
    for await (const line of createInterface({ input: child.stdout })) {
      const port = /^port: (\d+)$/.exec(line)?.[1];
      if (!port) continue;
      if (slot.child === child) slot.port = Number(port);
      return;
    }
  };

  let turn = 0;
  const balancer = createServer((client) => {
    const alive = slots.filter(({ port }) => port !== undefined);
    const port = alive[turn++ % Math.max(1, alive.length)]?.port;
    client.on('error', () => undefined);
    if (port === undefined) {
      client.destroy();
      return;
    }
    const proxy = connect(port, '127.0.0.1');
    proxy.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('close', () => proxy.destroy());
    client.pipe(proxy).pipe(client);
  });
  balancer.listen(0, '127.0.0.1');
  await once(balancer, 'listening');
  await Promise.all(slots.map(start));

  return {
    port: (balancer.address() as AddressInfo).port,
    rowFiles,
    arm(index, point) {
      const slot = slots[index];
      if (!slot?.child?.connected) return;
      slot.isArmed = true;
      // The process may be ending just now.
      slot.child.send(point, () => undefined);
    },
    report(index, event) {
      const { child } = slots[index] ?? {};
      if (!child?.connected) return Promise.resolve(false);
      return new Promise((resolve) => {
        const end = (isTaken: boolean): void => {
          child.off('message', onMessage).off('exit', onExit);
          clearTimeout(timer);
          resolve(isTaken);
        };
        const onMessage = (name: unknown): void => {
          if (name === event.name) end(true);
        };
        const onExit = (): void => end(false);
        const timer = setTimeout(onExit, REPORT_MS);
        child.on('message', onMessage).once('exit', onExit);
        // The process may be ending just now.
        child.send(event, () => undefined);
      });
    },
    kill: (index, signal) => void slots[index]?.child?.kill(signal),
    async heal() {
      for (const slot of slots) {
        if (slot.isArmed && slot.child) {
          const ended = once(slot.child, 'exit');
          slot.child.kill('SIGKILL');
          await ended;
        }
        while (slot.port === undefined) {
          await slot.starting;
          await wait(20);
        }
      }
    },
    async close() {
      isClosing = true;
      for (const { child } of slots) {
        if (!child) continue;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      balancer.close();
    },
  };
};
