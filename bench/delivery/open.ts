/** Opens measured pages, each in a context and so in a storage of its own. */
import type { Browser, Page } from 'playwright';
import type { Stack } from './stack.js';
import { STYLE } from './stage.js';
import type { BenchPage } from './words.js';

/** The measured page. */
export const renderMeasured = (): string => `<!doctype html>
<html><head><meta charset="utf-8"><link rel="icon" href="data:,"><style>${STYLE}</style>
<script type="module" src="/page.js"></script></head><body></body></html>`;

type Methods = {
  [Name in keyof BenchPage]: (
    ...args: Parameters<BenchPage[Name]>
  ) => Promise<Awaited<ReturnType<BenchPage[Name]>>>;
};

/** A measured page, as the command calls it. */
export interface Opened extends Methods {
  readonly page: Page;
  /** Opens the same page again, within the same storage. */
  again(): Promise<void>;
  close(): Promise<void>;
}

/** Opens one. */
export const openMeasured = async (browser: Browser, { url }: Stack, query = ''): Promise<Opened> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const call = <Name extends keyof BenchPage>(name: Name): Methods[Name] =>
    // The page's own method, whose arguments and result are plain values.
    ((...args: unknown[]) =>
      page.evaluate(
        ([method, given]) =>
          (window as unknown as { bench: Record<string, (...all: unknown[]) => unknown> }).bench[method]?.(
            ...given,
          ),
        [name, args] as const,
      )) as Methods[Name];
  const again = async (): Promise<void> => {
    await page.goto(`${url}${query}`);
    await page.waitForFunction(() => 'bench' in window);
  };
  await again();
  return {
    page,
    again,
    mount: call('mount'),
    show: call('show'),
    trickle: call('trickle'),
    commits: call('commits'),
    tick: call('tick'),
    post: call('post'),
    putAll: call('putAll'),
    flush: call('flush'),
    transactions: call('transactions'),
    waiting: call('waiting'),
    close: () => context.close(),
  };
};
