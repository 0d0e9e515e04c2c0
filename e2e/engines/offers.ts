/** Pages with offers, and what tests do to them, in any engine. */
import { expect } from '../fixtures/patience.js';
import type { Tab } from './engine.js';

/** A dwell that is longer than any test, so that only closing can prove that the offer was displayed. */
export const NEVER_MS = 600_000;

/** An offer with a marked close control. */
export const offer = (id: string, dwellMs = 0): string =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwellMs}">
    <button data-offer-dismiss>No, thanks</button> <button data-offer-accept>Yes</button></div>`;

/** The offer's own button. */
export const button = (id: string, act: 'dismiss' | 'accept'): string =>
  `[data-offer-id=${id}] [data-offer-${act}]`;

/** A script that counts the requests under way. It belongs in the head of a page, before the tracker. */
export const COUNTING = `<script>
  underWay = 0;
  const ask = fetch;
  fetch = (...request) => {
    underWay++;
    return ask(...request).finally(() => underWay--);
  };
</script>`;

/** Waits until no request of a page that counts them is under way. */
export const untilQuiet = (tab: Tab): Promise<void> =>
  expect
    .poll(() => tab.evaluate(() => (window as unknown as { readonly underWay: number }).underWay))
    .toBe(0);

/** Adds markup at the end of the page. */
export const append = (tab: Tab, markup: string): Promise<void> =>
  tab.evaluate((html: string) => document.body.insertAdjacentHTML('beforeend', html), markup);

/** Notifies the page that the network is back, as the browser would. */
export const comeOnline = (tab: Tab): Promise<void> =>
  tab.evaluate(() => void dispatchEvent(new Event('online')));

/**
 * Shows offers too briefly, until one really was in view for less than half of its second by the page's own observer.
 * On a busy machine that may take several offers, so they take no room, and those before may have been seen.
 * @returns The id of that offer.
 */
export const glimpse = (tab: Tab): Promise<string> =>
  tab.evaluate(async () => {
    for (let tries = 1; ; tries++) {
      const id = `glimpsed-${tries}`;
      const frame = document.createElement('div');
      frame.style.position = 'absolute';
      frame.innerHTML = `<div class="offer" data-offer-id="${id}"></div>`;
      const changes: IntersectionObserverEntry[] = [];
      let onChange = () => {};
      const observer = new IntersectionObserver((entries) => {
        changes.push(...entries);
        onChange();
      });
      const next = (isIn: boolean) =>
        new Promise<number>((resolve) => {
          onChange = () => {
            const change = changes.find(({ isIntersecting }) => isIntersecting === isIn);
            if (change) resolve(performance.now());
          };
        });
      const enters = next(true);
      const startedAt = performance.now();
      document.body.prepend(frame);
      observer.observe(frame.firstElementChild as Element);
      await enters;
      await new Promise((resolve) => setTimeout(resolve, 100));
      const leaves = next(false);
      frame.style.transform = 'translateY(-1000px)';
      const leftAt = await leaves;
      observer.disconnect();
      if (leftAt - startedAt < 500) return id;
    }
  });
