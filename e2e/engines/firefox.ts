/** Firefox, through puppeteer and WebDriver BiDi: one process, where a tab behind another one is really hidden. */
import puppeteer, { type Page } from 'puppeteer-core';
import { callOf, type Engine, type Tab, VIEWPORT } from './engine.js';

const tabOf = (page: Page): Tab => ({
  async goto(url) {
    await page.goto(url);
  },
  async reload() {
    await page.reload();
  },
  evaluate: (act, ...args) => page.evaluate(callOf(act, args)) as never,
  click: (selector) => page.click(selector),
  clickAt: (x, y) => page.mouse.click(x, y),
  press: (key) => page.keyboard.press(key),
  wheel: (deltaY) => page.mouse.wheel({ deltaY }),
  show: () => page.bringToFront(),
  close: () => page.close(),
});

/** Starts a Firefox on a profile that is deleted with it. */
export const startFirefox = async (executablePath: string): Promise<Engine> => {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    defaultViewport: VIEWPORT,
  });
  return {
    version: (await browser.version()).replace(/^firefox\//i, ''),
    async visitor() {
      const open = new Set<Page>();
      return {
        async open(url) {
          const page = await browser.newPage();
          open.add(page);
          page.once('close', () => open.delete(page));
          const tab = tabOf(page);
          await tab.goto(url);
          return tab;
        },
        async leave() {
          for (const page of open) await page.close();
        },
      };
    },
    close: () => browser.close(),
  };
};
