/** A test that runs in one of the engines: each worker starts an engine once, each test is a visitor of its own. */
import type { Browser } from '@playwright/test';
import { ensureEngines } from '../../scripts/ensure-engines.mjs';
import { test as base } from '../fixtures/stack.js';
import { driveChromium } from './chromium.js';
import type { Engine, Visitor } from './engine.js';
import { startFirefox } from './firefox.js';
import { startWebKit } from './webkit.js';

export { expect } from '../fixtures/stack.js';

const places = ensureEngines({ install: false });

/** The engines, and how each is started; undefined if this machine does not have it. */
const STARTS = {
  Chromium: async (browser: Browser) => driveChromium(browser),
  Firefox:
    places.firefox &&
    (
      (place) => () =>
        startFirefox(place.path)
    )(places.firefox),
  WebKitGTK:
    places.webkit &&
    (
      (place) => () =>
        startWebKit(place)
    )(places.webkit),
};

/** An engine's name, as the titles of tests have it. */
export type EngineName = keyof typeof STARTS;

/** The engines that tests are declared for. In CI these are all of them, so that a missing one fails. */
export const ENGINES = (Object.keys(STARTS) as EngineName[]).filter((name) => STARTS[name] ?? process.env.CI);

export const test = base.extend<
  { readonly visitorOf: (name: EngineName) => Promise<Visitor> },
  { readonly engineOf: (name: EngineName) => Promise<Engine> }
>({
  engineOf: [
    async ({ browser }, use) => {
      const running = new Map<EngineName, Promise<Engine>>();
      await use(async (name) => {
        const start = STARTS[name];
        if (!start) throw new Error(`${name} is not on this machine: ${places.missing.join('; ')}`);
        const engine = running.get(name) ?? start(browser);
        running.set(name, engine);
        return engine;
      });
      for (const engine of running.values()) await (await engine).close();
    },
    { scope: 'worker', timeout: 60_000 },
  ],

  visitorOf: async ({ engineOf }, use, testInfo) => {
    const visitors: Visitor[] = [];
    await use(async (name) => {
      const engine = await engineOf(name);
      testInfo.annotations.push({ type: 'engine', description: `${name} ${engine.version}` });
      const visitor = await engine.visitor();
      visitors.push(visitor);
      return visitor;
    });
    for (const visitor of visitors) await visitor.leave();
  },
});
