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
  | 'pagehide'
  /** The browser thinks that the network is back: a hint, never a fact. */
  | 'online';

/** The page as the other rooms see it. */
export interface Page {
  /** Whether somebody could see the page now; a page that is prerendered is hidden until it is activated. */
  isVisible(): boolean;
  /** Calls back at each change, until stopped. */
  listen(listener: (change: PageChange) => void): void;
  /** Hears events of these types ahead of the page's own listeners, also those of the document, until stopped. */
  capture<T extends Event>(types: readonly string[], listener: (event: T) => void): void;
  /** Ends all listening, for good. */
  stop: Stop;
}

/** The page of this document. */
export const createPage = (): Page => {
  // An `AbortController` would be shorter, but takes a tenth of the first task.
  const stops: Stop[] = [];

  const page: Page = {
    isVisible: () => document.visibilityState === 'visible',
    stop() {
      for (const stop of stops) stop();
      // Rooms that are still on their way would listen for a tracker that is over.
      page.capture = () => undefined;
    },
    // A page out of the back/forward cache may come back with only `pageshow`.
    listen: (listener) =>
      page.capture(['visibilitychange', 'pageshow', 'pagehide', 'online'], ({ type }) =>
        listener(type === 'pagehide' || type === 'online' ? type : document.visibilityState),
      ),
    capture(types, listener) {
      for (const type of types) {
        addEventListener(type, listener as EventListener, true);
        stops.push(() => removeEventListener(type, listener as EventListener, true));
      }
    },
  };
  return page;
};
