/**
 * The page's life: the only room that listens to it. Never `unload` or `beforeunload`, which would cost the host
 * its back/forward cache.
 */
import type { Stop } from '../runtime.js';

/** What happened to the page. */
export type PageChange =
  /** It can be seen now: first shown, returned to, restored from the back/forward cache, or activated. */
  | 'visible'
  /** It cannot be seen any more, and may never be again. */
  | 'hidden'
  /** It is being left. */
  | 'leave'
  /** The browser thinks that the network is back: a hint, never a fact. */
  | 'online';

/** The page as the other rooms see it. */
export interface Page {
  /** Whether somebody could see the page now; a prerendered page cannot be seen. */
  isVisible(): boolean;
  /** Calls back at each change, until stopped. */
  listen(listener: (change: PageChange) => void): Stop;
  /** Hears events of these types ahead of the page's own listeners, also those of the document, until stopped. */
  capture<T extends Event>(types: readonly string[], listener: (event: T) => void): Stop;
}

/** The page of this document. */
export const createPage = (): Page => {
  const isVisible = (): boolean =>
    document.visibilityState === 'visible' && !(document as { prerendering?: boolean }).prerendering;

  const page: Page = {
    isVisible,
    // A page out of the back/forward cache may come back with `pageshow` alone.
    listen: (listener) =>
      page.capture(['visibilitychange', 'prerenderingchange', 'pageshow', 'pagehide', 'online'], ({ type }) =>
        listener(
          type === 'pagehide' ? 'leave' : type === 'online' ? type : isVisible() ? 'visible' : 'hidden',
        ),
      ),
    capture(types, listener) {
      for (const type of types) window.addEventListener(type, listener as EventListener, true);
      return () => {
        for (const type of types) window.removeEventListener(type, listener as EventListener, true);
      };
    },
  };
  return page;
};
