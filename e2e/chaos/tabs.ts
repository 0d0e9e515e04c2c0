/**
 * One Chromium with a profile that outlives it, and its tabs by name. A command that hangs is given up after a moment.
 */
import type { CDPSession, LaunchOptions, Page } from '@playwright/test';
import { createProfile, type RealBrowser } from '../fixtures/real-browser.js';
import type { ChaosPage, ChaosWindow } from './page/types.js';

/** A tab of the browser. */
export interface Tab {
  readonly name: string;
  readonly page: Page;
  readonly session: CDPSession;
  isFrozen: boolean;
  isCrashed: boolean;
  /** How many pages the tab can go back. */
  depth: number;
}

/** The browser of a run. */
export interface Tabs {
  readonly list: readonly Tab[];
  /** The open tab that a number means; undefined if none is open. */
  at(number: number): Tab | undefined;
  /** @param quotaBytes All the room that the page's origin has; by default, as much as the disk has. */
  open(name: string, url: string, quotaBytes?: number): Promise<Tab>;
  close(tab: Tab): Promise<void>;
  /** Ends the browser as a crash of the machine would, and starts it again on the same profile. */
  kill(): Promise<void>;
  end(): Promise<void>;
}

/** How long anything in the browser may take before it is left alone, milliseconds. */
const PATIENCE_MS = 4_000;

/** Waits for something that may never come, since the tab may crash or freeze in between. */
export const within = async <T>(work: Promise<T>, ms = PATIENCE_MS): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([work, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
};

/** Runs one of the page's own commands, if the page can. */
export const command = async <Name extends Exclude<keyof ChaosPage, 'tab'>>(
  tab: Tab,
  name: Name,
  ...given: Parameters<ChaosPage[Name]>
): Promise<Awaited<ReturnType<ChaosPage[Name]>> | undefined> => {
  if (tab.isFrozen || tab.isCrashed) return undefined;
  const asked = tab.page.evaluate(
    ([called, values]) => {
      const { chaos } = window as unknown as ChaosWindow;
      return (chaos as unknown as Record<string, (...all: unknown[]) => unknown> | undefined)?.[called]?.(
        ...values,
      );
    },
    [name, given] as [string, unknown[]],
  );
  return (await within(asked)) as Awaited<ReturnType<ChaosPage[Name]>> | undefined;
};

/** Wakes a tab, or puts it to sleep. */
export const setFrozen = async (tab: Tab, isFrozen: boolean): Promise<void> => {
  tab.isFrozen = isFrozen;
  await within(tab.session.send('Page.setWebLifecycleState', { state: isFrozen ? 'frozen' : 'active' }));
};

/** Brings a tab to the front, where the browser lets no page sleep. */
export const bringToFront = async (tab: Tab): Promise<void> => {
  await within(tab.page.bringToFront());
  if (tab.isFrozen) await setFrozen(tab, false);
};

/** What becomes of tabs without a word of their pages. */
export interface Ends {
  /** The tab's renderer died. */
  onCrash(tab: Tab): void;
  /** The browser shows a page of its own, since it could not load another one. */
  onErrorPage(tab: Tab): void;
}

/** Starts it. */
export const startTabs = async (options: LaunchOptions, { onCrash, onErrorPage }: Ends): Promise<Tabs> => {
  const profile = await createProfile(options);
  let browser: RealBrowser = await profile.start();
  let list: Tab[] = [];

  return {
    get list() {
      return list;
    },
    at: (number) => list[number % Math.max(1, list.length)],
    async open(name, url, quotaBytes) {
      const page = await browser.context.newPage();
      const session = await browser.context.newCDPSession(page);
      const tab: Tab = { name, page, session, isFrozen: false, isCrashed: false, depth: 0 };
      page.on('crash', () => {
        tab.isCrashed = true;
        list = list.filter((other) => other !== tab);
        onCrash(tab);
        void within(page.close());
      });
      page.on('framenavigated', (frame) => {
        if (frame === page.mainFrame() && frame.url().startsWith('chrome-error:')) onErrorPage(tab);
      });
      list.push(tab);
      if (quotaBytes !== undefined) {
        const { origin } = new URL(url);
        await within(session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: quotaBytes }));
      }
      await within(page.goto(url, { waitUntil: 'load' }));
      return tab;
    },
    async close(tab) {
      list = list.filter((other) => other !== tab);
      await within(tab.page.close());
    },
    async kill() {
      list = [];
      await browser.kill();
      browser = await profile.start();
    },
    end: () => profile.close(),
  };
};
