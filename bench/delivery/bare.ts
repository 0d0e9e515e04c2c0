/** The floors under recording: puts into a database that is open, in one transaction. Runs in the page. */
import type { OfferEvent } from 'offersight';
import { afterTask } from './tasks.js';

/** A bare store. */
export interface Bare {
  /**
   * Puts the record that an outbox would keep for this event, from the same point of a frame at which offers are
   * seen; resolves to the time from `transaction()` until `complete`, milliseconds.
   */
  put(event: OfferEvent): Promise<number>;
  /** Puts all of them in one transaction; resolves to the time that the task took which asked for it, milliseconds. */
  putAll(events: readonly OfferEvent[]): Promise<number>;
}

/** Calls back from an IntersectionObserver, so within a frame and with its painting still to come. */
const onSight = (act: () => void): void => {
  const element = document.body.appendChild(document.createElement('i'));
  const observer = new IntersectionObserver(() => {
    observer.disconnect();
    element.remove();
    act();
  });
  observer.observe(element);
};

/** Opens one. */
export const openBare = async (): Promise<Bare> => {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('bare');
    request.onupgradeneeded = () => request.result.createObjectStore('records');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  const commit = (events: readonly OfferEvent[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const transaction = database.transaction('records', 'readwrite');
      const store = transaction.objectStore('records');
      for (const event of events)
        store.put({ v: 1, event, attempts: 0, notBeforeAt: 0 }, ['entry', event.id]);
      transaction.commit();
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });

  return {
    put: (event) =>
      new Promise((resolve, reject) => {
        // An id of its own and of the same length.
        const copy = { ...event, id: crypto.randomUUID() };
        onSight(() => {
          const from = performance.now();
          commit([copy]).then(() => resolve(performance.now() - from), reject);
        });
      }),
    async putAll(events) {
      const asked = afterTask();
      await commit(events);
      return asked;
    },
  };
};
