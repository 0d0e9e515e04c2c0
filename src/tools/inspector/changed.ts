/** What scripts of the page have changed, so that the tracker does not work as it should. */
import { FILE } from './trackers.js';
import type { Fact } from './waiting.js';

/** Whether a function is the browser's own, and not one that code of the page has put in its place. */
export const isNative = (given: unknown): boolean =>
  typeof given === 'function' && Function.prototype.toString.call(given).includes('[native code]');

/** A list there is what a page without the script has: the script puts its own object in its place. */
const commandWords = (): string | undefined =>
  document.querySelector(FILE) && Array.isArray((window as { offersight?: unknown }).offersight)
    ? 'Code of this page has set window.offersight again, so what it pushes there reaches no tracker. Write window.offersight ||= [] instead.'
    : undefined;

/** A fact if something was changed that stands in the way. */
export const changedFacts = (): Fact[] => {
  const words = commandWords();
  return words === undefined ? [] : [{ label: 'Commands', words, isWrong: true }];
};
