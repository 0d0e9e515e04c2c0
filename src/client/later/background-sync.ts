/**
 * Background Sync: has the browser run the site's own service worker when there is a network, though no page of
 * the site is open any more. If the browser or the site has none, nothing changes.
 */

/** Not in the DOM's types, since not every browser has it (Web Background Synchronization). */
interface SyncManager {
  register(tag: string): Promise<void>;
}

/** The service worker's way to flush. */
export interface BackgroundSync {
  /** Looks for a service worker, which may be registered at any time, and gives it the endpoint. */
  find(): Promise<void>;
  /** Events may be left behind: asks for a sync. */
  request(): void;
}

/** The tag of an outbox. */
export const syncTag = (name: string): string => `offersight:${name}`;

/**
 * Starts looking for the site's service worker.
 * @param onFound Called when there is one, and whenever it needs the endpoint again.
 */
export const createBackgroundSync = (name: string, onFound: () => Promise<unknown>): BackgroundSync => {
  let manager: SyncManager | undefined;
  return {
    async find() {
      try {
        // Looking at it throws in a sandboxed document.
        const registration = await navigator.serviceWorker?.getRegistration();
        manager = (registration as { sync?: SyncManager } | undefined)?.sync;
        if (manager) await onFound();
      } catch {
        // There is none for us.
      }
    },
    request() {
      // Refused where the user forbids it: then the next page brings what is left.
      void manager?.register(syncTag(name)).catch(() => undefined);
    },
  };
};
