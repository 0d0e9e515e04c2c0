import { expect, test } from '@playwright/test';
import { flood } from './chaos/flood.js';

/** The full ten thousand are a command of their own: `npm run chaos:ten-thousand`. */
const EVENTS = 400;

test('many events of six tabs outlive two deaths of the browser and one of a proxy, each exactly once', async ({
  launchOptions,
}) => {
  test.setTimeout(300_000);
  const came = await flood(launchOptions, EVENTS);
  expect(came).toMatchObject({ lost: [], repeated: [], invented: [], isQuiet: true });
  expect(came.committed).toBeGreaterThan(EVENTS / 2);
});
