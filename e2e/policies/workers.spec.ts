/** Service workers under a policy of their own deliver what a page could not deliver, without any violation. */
import { readFile } from 'node:fs/promises';
import type { Page, Worker } from '@playwright/test';
import { untilStored } from '../fixtures/database.js';
import { expect, type Headers, type Policed, test, WHOLE_WAY } from '../fixtures/policed.js';
import { readRecipe } from '../fixtures/recipe.js';
import type { Stack } from '../fixtures/stack.js';

const recipe = await readRecipe('docs/recipes/policies.md');
const ORIGIN = 'Scripts by origin, and a service worker';
const TYPES = 'Trusted Types';
const PAGE = recipe.headers(ORIGIN);
const TAG = '<script async src="/offersight.js" data-endpoint="/offer-events"></script>';
const REGISTER = recipe.block(ORIGIN, 'js');
const REGISTER_MODULE = REGISTER.replace("')", "', { type: 'module' })");
const MODULE = "import '/module/service-worker.js';";

/** Adds what the worker writes to the console. */
const watchWorker = async (page: Page, policed: Policed): Promise<Worker> => {
  const worker = page.context().serviceWorkers()[0] ?? (await page.context().waitForEvent('serviceworker'));
  worker.on('console', (message) => policed.noticed.console.push(message.text()));
  return worker;
};

/** Leaves events on a page without a network, and lets the browser sync once there is a network. */
const leaveToTheWorker = async (page: Page, stack: Stack, policed: Policed): Promise<void> => {
  const session = await page.context().newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      const active = versions.find(({ status }) => status === 'activated');
      if (active) resolve(active.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  const registrationId = await registered;
  stack.site.gateway.fault = 'off';
  await policed.open(PAGE, TAG);
  await untilStored(page, 2);
  await page.click('[data-offer-id=closed] button');
  await untilStored(page, 3);
  // This page of the site delivers nothing, but keeps the debugging session alive.
  await policed.open({}, '', '<p>Imprint</p>');
  expect(stack.recorded()).toEqual([]);
  stack.site.gateway.fault = undefined;
  await session.send('ServiceWorker.dispatchSyncEvent', {
    origin: stack.site.url,
    registrationId,
    tag: 'offersight:offersight',
    lastChance: false,
  });
  await stack.expectRecorded(WHOLE_WAY);
};

/** Whether a message is about the network that the test itself cut off. */
const isCutOff = (text: string): boolean => text.includes('net::ERR_EMPTY_RESPONSE');

interface Case {
  readonly worker: string;
  readonly headers: Headers;
  /** The script of the page that registers it, and that page's policy. */
  readonly register?: string;
  readonly page?: Headers;
}

const FILE = await readFile('dist/offersight-worker.js', 'utf8');

/** The recipe's headers with one more rule, which a worker can break. */
const TYPED: Headers = Object.fromEntries(
  Object.entries(recipe.headers(TYPES)).map(([name, value]) => [name, `${value}; connect-src 'self'`]),
);

const CASES: Readonly<Record<string, Case>> = {
  'that loads scripts of its own origin': {
    worker: recipe.block(ORIGIN, 'js', 1),
    headers: recipe.headers(ORIGIN, 1),
  },
  'that is a module': { worker: MODULE, headers: recipe.headers(ORIGIN, 1), register: REGISTER_MODULE },
  'that is the file itself, under enforced Trusted Types like the page that registers it,': {
    worker: FILE,
    headers: TYPED,
    register: recipe.block(TYPES, 'js'),
    page: recipe.headers(TYPES, 1),
  },
  'that is a module under enforced Trusted Types': {
    worker: MODULE,
    headers: TYPED,
    register: REGISTER_MODULE,
  },
};

for (const [which, { worker, headers, register = REGISTER, page: policy = PAGE }] of Object.entries(CASES)) {
  test(`a service worker ${which} delivers the events that are left, and breaks no rule`, async ({
    page,
    stack,
    policed,
  }) => {
    policed.serve('/worker.js', worker, headers);
    policed.serve('/offersight-worker.js', FILE, headers);
    policed.serve('/shop.js', register);
    await policed.open(policy, '<script type="module" src="/shop.js"></script>', '<p>Imprint</p>');
    const running = await watchWorker(page, policed);
    await leaveToTheWorker(page, stack, policed);
    const { noticed } = policed;
    expect({ ...noticed, console: noticed.console.filter((text) => !isCutOff(text)) }).toEqual({
      events: [],
      observed: [],
      reported: [],
      console: [],
    });
    // This shows that a violation would have been reported.
    await running.evaluate(() => fetch('http://elsewhere.invalid/').catch(() => undefined));
    await expect.poll(() => noticed.reported).toEqual(['connect-src']);
  });
}

test('a service worker that imports by a string under enforced Trusted Types does not start, and is reported', async ({
  page,
  policed,
}) => {
  policed.serve('/worker.js', recipe.block(ORIGIN, 'js', 1), TYPED);
  await policed.open(PAGE, '', '<p>Imprint</p>');
  const registering = page.evaluate(() => navigator.serviceWorker.register('/worker.js'));
  await expect(registering).rejects.toThrow(/ServiceWorker/);
  await expect.poll(() => policed.noticed.reported).toEqual(['require-trusted-types-for']);
});
