import { expect, test } from '@playwright/test';
import { flood, isKept } from './flood.js';

/** The full ten thousand events have a command of their own: `npm run chaos:ten-thousand`. */
const EVENTS = 400;

test('many events of six tabs outlive two deaths of the browser and one of a proxy, and each is counted once', async ({
  launchOptions,
}) => {
  test.setTimeout(300_000);
  const came = await flood(launchOptions, EVENTS);
  expect(came).toMatchObject({ lost: [], repeated: [], invented: [], isQuiet: true });
  expect(came.checked.broken).toEqual([]);
  expect(isKept(came)).toBe(true);
  expect(came.committed).toBeGreaterThan(EVENTS / 2);
});
