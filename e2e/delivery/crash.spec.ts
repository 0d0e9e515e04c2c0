import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test as base } from '@playwright/test';
import { startUpstream, type Upstream } from '../../src/tools/mock-api/server.js';
import { memoryOrDisk } from '../../test/support/intake.js';
import type { CrashPoint } from '../fixtures/crash-points.js';
import { bePatient, expect } from '../fixtures/patience.js';
import { trackerStats, untilWaiting } from '../fixtures/ready.js';

const KEY = 'test_crashing_key';
const BODY =
  '<div class="offer" data-offer-id="closed" data-offer-dwell="0"><button data-offer-dismiss>x</button></div>' +
  '<div class="offer" data-offer-id="seen" data-offer-dwell="0"></div>';

interface Running {
  readonly url: string;
  /** Resolves with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): void;
}

interface ProxyProcess {
  readonly upstream: Upstream;
  start(options?: { readonly port?: string; readonly crash?: string }): Promise<Running>;
}

const test = base.extend<{ server: ProxyProcess }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern's names.
  server: async ({}, use, testInfo) => {
    // Proxies start twice, and in the meantime the back-offs of pages and proxies grow.
    bePatient(testInfo, 150_000);
    const folder = await mkdtemp(join(memoryOrDisk(), 'offersight-'));
    const upstream = await startUpstream({ apiKey: KEY, limits: { per_minute: null } });
    const children: ChildProcess[] = [];
    await use({
      upstream,
      async start({ port = '0', crash } = {}) {
        const main = fileURLToPath(new URL('../fixtures/proxy-process.ts', import.meta.url));
        const file = join(folder, 'intake.sqlite');
        const args = [
          '--port',
          port,
          '--upstream',
          upstream.url,
          '--key',
          KEY,
          '--file',
          file,
          '--body',
          BODY,
        ];
        const child = spawn(
          process.execPath,
          ['--import', 'tsx', main, ...args, ...(crash ? ['--crash', crash] : [])],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        );
        children.push(child);
        const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
        const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
        return { url: line.replace('site: ', ''), ended, kill: (signal) => child.kill(signal) };
      },
    });
    for (const child of children) child.kill('SIGKILL');
    await upstream.close();
    await rm(folder, { recursive: true });
  },
});

/** Several back-offs may add up while a process starts. */
const BACK_OFF_MS = 60_000;

/**
 * Expects each event once, and those of one offer in order.
 * @param isAmbiguous Whether the proxy cannot know of one event that the upstream has it: it asks again with the same key.
 */
const expectOnce = async (upstream: Upstream, isAmbiguous = false): Promise<void> => {
  const rows = (isReplay: boolean) => upstream.history().filter(({ replayed }) => replayed === isReplay);
  const recorded = () => rows(false).map(({ type, personalized_offer_id: id }) => `${type} ${id}`);
  await expect
    .poll(() => recorded().toSorted(), { timeout: BACK_OFF_MS })
    .toEqual(['dismissed closed', 'viewed closed', 'viewed seen']);
  expect(recorded().indexOf('viewed closed')).toBeLessThan(recorded().indexOf('dismissed closed'));
  await expect.poll(() => rows(true).length, { timeout: BACK_OFF_MS }).toBe(isAmbiguous ? 1 : 0);
};

test.describe('a proxy that is killed loses nothing and forwards nothing twice', () => {
  const points: Readonly<Record<CrashPoint, string>> = {
    'after-take': 'after it has taken an event (fault 60)',
    'after-forwarding': 'after it has written that an event is on its way (fault 60)',
    'after-upstream': 'after the upstream has answered (fault 61)',
    'after-done': 'after it has written what the upstream answered (fault 62)',
    'mid-reply': 'in the middle of its reply to the page (fault 62)',
  };
  for (const [crash, name] of Object.entries(points)) {
    test(`if it is killed ${name}`, async ({ page, server }) => {
      const first = await server.start({ crash });
      await page.goto(`${first.url}/page.html`);
      await trackerStats(page);
      await page.click('button');
      expect(await first.ended).toBe('SIGKILL');
      await server.start({ port: new URL(first.url).port });
      await expectOnce(server.upstream, crash === 'after-upstream');
      // The page repeats the events that were not settled, and then they are settled.
      await untilWaiting(page, 0, BACK_OFF_MS);
      await expectOnce(server.upstream, crash === 'after-upstream');
    });
  }
});

test('a proxy that is asked to stop finishes its calls, and the next one continues (fault 67)', async ({
  page,
  server,
}) => {
  const first = await server.start();
  server.upstream.addFaults({ kind: 'delay', ms: 300, count: 1 });
  await page.goto(`${first.url}/page.html`);
  await server.upstream.until(() => server.upstream.calls().length > 0, 20_000);
  first.kill('SIGTERM');
  expect(await first.ended).toBe(null);
  await server.start({ port: new URL(first.url).port });
  await trackerStats(page);
  await page.click('button');
  await expectOnce(server.upstream);
});

test('an upstream that is down for a while gets everything once it is back, and only once', async ({
  page,
  server,
}) => {
  const { url } = await server.start();
  server.upstream.addFaults({ kind: 'down' });
  await page.goto(`${url}/page.html`);
  await trackerStats(page);
  await page.click('button');
  await server.upstream.until(() => server.upstream.calls().length >= 4, 20_000);
  expect(server.upstream.history()).toEqual([]);
  server.upstream.clearFaults();
  await expectOnce(server.upstream);
});
