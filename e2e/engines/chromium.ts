/** Chromium, through Playwright: the worker's own browser, with a fresh profile for each visitor. */
import type { Browser, Page } from '@playwright/test';
import { callOf, type Engine, type Tab, VIEWPORT } from './engine.js';

const tabOf = (page: Page): Tab => ({
  async goto(url) {
    await page.goto(url);
  },
  async reload() {
    await page.reload();
  },
  evaluate: (act, ...args) => page.evaluate(callOf(act, args)),
  click: (selector) => page.click(selector),
  clickAt: (x, y) => page.mouse.click(x, y),
  press: (key) => page.keyboard.press(key),
  wheel: (deltaY) => page.mouse.wheel(0, deltaY),
  show: () => page.bringToFront(),
  close: () => page.close(),
});

/** Drives a Chromium that Playwright started and will end. */
export const driveChromium = (browser: Browser): Engine => ({
  version: browser.version(),
  async visitor() {
    const context = await browser.newContext({ viewport: VIEWPORT });
    return {
      async open(url) {
        const tab = tabOf(await context.newPage());
        await tab.goto(url);
        return tab;
      },
      leave: () => context.close(),
    };
  },
  close: () => Promise.resolve(),
});
