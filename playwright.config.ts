import { defineConfig, type LaunchOptions } from '@playwright/test';
import { ARGS, ensureBrowser, HELP } from './scripts/ensure-browser.mjs';

/** Their pages need what is installed in a folder of their own, or a site that was built. */
const APART = ['**/libraries.spec.ts', '**/site.spec.ts'];

const browser = await ensureBrowser({ install: false });
const wholeBrowser = await ensureBrowser({ install: false, isWhole: true });
if (!browser || !wholeBrowser) throw new Error(HELP);

const launching = (options: LaunchOptions): LaunchOptions => ({
  args: [...ARGS],
  // Otherwise no page ever enters the back/forward cache.
  ignoreDefaultArgs: ['--disable-back-forward-cache'],
  ...options,
});

/**
 * Tests of what Chromium without windows lacks: it keeps no page to come back to, and syncs nothing in the background. Also
 * what shows how a browser treats several pages, by the paths of its files.
 */
const WHOLE = /@whole|(chaos\/chaos|engines\/engines)\.spec/;
const whole = { launchOptions: launching(wholeBrowser) };

export default defineConfig({
  testDir: 'e2e',
  // No process of Playwright works for two projects. The longest tests are in the first one, so that none is left over.
  projects: [
    { name: 'whole', testIgnore: APART, grep: WHOLE, outputDir: 'test-results/e2e-whole', use: whole },
    { name: 'light', testIgnore: APART, grepInvert: WHOLE, outputDir: 'test-results/e2e' },
    { name: 'libraries', testMatch: APART[0] ?? '', outputDir: 'test-results/e2e-libraries', use: whole },
    { name: 'site', testMatch: APART[1] ?? '', outputDir: 'test-results/e2e-site' },
  ],
  globalSetup: './e2e/fixtures/bundle-module.ts',
  // A test that passes the second time has found a race of ours.
  retries: 0,
  // Many tests wait for a clock or for the network, so these keep two cores busy.
  workers: 8,
  fullyParallel: true,
  forbidOnly: true,
  // Enough on a machine that also does other work.
  timeout: 90_000,
  expect: { timeout: 30_000 },
  reporter: [
    ['list'],
    ['./e2e/engines/reporter.ts'],
    ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? 'test-results/e2e.json' }],
  ],
  use: {
    viewport: { width: 1280, height: 800 },
    launchOptions: launching(browser),
    // Recording costs each test a seventh of its time; `--trace retain-on-failure` asks for it.
    trace: 'off',
  },
});
