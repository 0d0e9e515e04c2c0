/** What pages reach by globals of their own: the channel between tabs, and the site's service worker. */

/** A page's end of the channel. */
export interface TabChannel {
  /** Gives the page what another one said, if it listens. */
  hear(ids: readonly string[]): void;
}

interface Listener {
  onmessage?: ((message: { readonly data: readonly string[] }) => void) | undefined;
}

/** By the name that a page opens them by, which is the name of its database: all pages share the globals of one process. */
const pages = new Map<
  string,
  { readonly say: (ids: readonly string[]) => void; readonly open: Set<Listener> }
>();

class SimulatedChannel implements Listener {
  onmessage?: Listener['onmessage'];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    pages.get(name)?.open.add(this);
  }

  postMessage(ids: readonly string[]): void {
    pages.get(this.#name)?.say(ids);
  }

  close(): void {
    pages.get(this.#name)?.open.delete(this);
  }
}

const WORKER = { getRegistration: async () => ({ sync: { register: async () => undefined } }) };

/**
 * Opens the channel of a page.
 * @param say Sends ids to the other pages.
 */
export const openChannel = (name: string, say: (ids: readonly string[]) => void): TabChannel => {
  const open = new Set<Listener>();
  pages.set(name, { say, open });
  Object.assign(globalThis, { BroadcastChannel: SimulatedChannel });
  Object.defineProperty(globalThis, 'navigator', {
    value: { serviceWorker: WORKER },
    configurable: true,
    writable: true,
  });
  return {
    hear(ids) {
      for (const { onmessage } of open) onmessage?.({ data: ids });
    },
  };
};
