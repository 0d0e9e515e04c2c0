/** A page whose life the test controls. Acts on it are real DOM events. */
import type { Roots } from '../../src/client/later/detect/roots.js';
import { createPage, type Page, type PageChange } from '../../src/client/page.js';

/** A page under a test's control. */
export interface FakePage extends Page {
  /** Lets something happen to the page. */
  change(change: PageChange): void;
}

/** Makes a page that is visible. */
export const fakePage = (): FakePage => {
  const { capture, stop } = createPage();
  const listeners = new Set<(change: PageChange) => void>();
  let isVisible = true;
  return {
    isVisible: () => isVisible,
    listen: (listener) => void listeners.add(listener),
    capture,
    change(change) {
      if (change !== 'online') isVisible = change === 'visible';
      for (const listener of [...listeners]) listener(change);
    },
    stop() {
      listeners.clear();
      stop();
    },
  };
};

/** The trees of a page that has only its document. */
export const documentOnly = ({ capture }: Pick<Page, 'capture'>): Roots => ({
  capture,
  hearings: [],
  repeat: () => undefined,
  join: () => undefined,
  all: () => [document],
  refresh: () => undefined,
  stop: () => undefined,
});

/** A user's own act. The DOM implementation of the tests never sets `isTrusted`. */
export const trusted = <T extends Event>(event: T, isTrusted = true): T =>
  Object.defineProperty(event, 'isTrusted', { value: isTrusted });

/** Puts markup into the body and gives what the selector finds in it. */
export const render = (markup: string, selector = 'body > *'): HTMLElement => {
  document.body.innerHTML = markup;
  return find(selector);
};

/** The one element that a test knows is there. */
export const find = (selector: string, root: ParentNode = document): HTMLElement => {
  const found = root.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`Nothing matches ${selector}`);
  return found;
};
