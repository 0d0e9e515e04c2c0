/** The operator's page of a shop whose month is made up, by a fixed seed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdmittedEvent, createOfferAdmin, type Intake } from 'offersight/proxy';
import { createOfferServer, toNodeListener } from 'offersight/proxy/node';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import type { Browser } from 'playwright';

const TOKEN = 'a token of the pictures, which nobody else has';
const DAY_MS = 86_400_000;
const DAYS = 31;
const GROUPS = ['autumn-sale', 'home/hero', 'upgrade-annual', 'cart'] as const;
const REASONS = ['control', 'control', 'control', 'escape', 'backdrop', 'ignored', 'swipe'] as const;

/** The same numbers in each run (Park and Miller, 1988). */
let seed = 11;
const random = (): number => {
  seed = (seed * 16_807) % 2_147_483_647;
  return seed / 2_147_483_647;
};
const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;

let made = 0;
const idOf = (version: 7 | 8): string =>
  `019aa02f-3c00-${version}000-8000-${(++made).toString(16).padStart(12, '0')}`;

const eventsOf = (at: number, count: number): AdmittedEvent[] =>
  Array.from({ length: count }, () => {
    const fields = { offerId: `a52ge${Math.floor(random() * 9_000)}`, group: oneOf(GROUPS) };
    const view = { ...fields, occurredAt: at, receivedAt: at, content: '' };
    const viewed: AdmittedEvent = { ...view, id: idOf(7), type: 'viewed' };
    const closed: AdmittedEvent = { ...view, id: idOf(7), type: 'dismissed', reason: oneOf(REASONS) };
    return random() < 0.3 ? [viewed, closed] : [viewed];
  }).flat();

/** One day of a shop. The newest events of the last day wait. */
const live = async (intake: Intake, daysAgo: number, now: number): Promise<void> => {
  const at = now - daysAgo * DAY_MS;
  const count = Math.round(260 + 120 * Math.sin(daysAgo / 3) + random() * 60);
  for (const event of eventsOf(at, count)) await intake.take([event]);
  await intake.accept(
    Array.from({ length: Math.round(count / 20) }, () => ({
      ...{ id: idOf(8), content: '', receivedAt: at, group: oneOf(GROUPS) },
    })),
  );
  for (;;) {
    const { rows } = await intake.begin({ now: at, limit: 100, perMinute: Infinity });
    if (!rows.length || (daysAgo === 0 && random() < 0.4)) return;
    await intake.finish(
      rows.map(({ id }) => ({
        id,
        result: random() < 0.01 ? { kind: 'dead', code: 'resource_not_found' } : { kind: 'done' },
      })),
      at,
    );
  }
};

/** Takes the pictures. */
export const pictureOperator = async (browser: Browser): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'offersight-picture-'));
  const intake = sqliteIntake({ file: join(folder, 'intake.db') });
  const now = Date.now();
  for (let daysAgo = DAYS - 1; daysAgo >= 0; daysAgo--) await live(intake, daysAgo, now);
  const server = createOfferServer(toNodeListener(createOfferAdmin({ intake, token: TOKEN })));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`http://127.0.0.1:${port}/admin/`);
  await page.getByLabel('Admin token').fill(TOKEN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation').waitFor();
  await page.screenshot({ path: 'docs/operator.png' });
  console.log('docs/operator.png');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 1280, height: 560 });
  await page.goto(`http://127.0.0.1:${port}/admin/dead-letters`);
  await page.getByRole('navigation').waitFor();
  await page.screenshot({ path: 'docs/operator-dead-letters.png' });
  console.log('docs/operator-dead-letters.png');
  await page.close();
  server.closeAllConnections();
  server.close();
  await intake.close();
  await rm(folder, { recursive: true });
};
