/**
 * What is asked inside the page of what surrounds the tracker: the platform that scripts may have changed, storage, and
 * names. Each function is sent to the browser as text, so it uses nothing from outside of itself.
 */

/** What the tracker uses of the platform and scripts of the page have replaced. Zones and monitors do so without harm. */
export const readReplaced = (): string[] => {
  const used: Readonly<Record<string, unknown>> = {
    IntersectionObserver: globalThis.IntersectionObserver,
    MutationObserver: globalThis.MutationObserver,
    fetch: globalThis.fetch,
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    queueMicrotask: globalThis.queueMicrotask,
    Promise: globalThis.Promise,
    CustomEvent: globalThis.CustomEvent,
    'Date.now': Reflect.get(Date, 'now'),
    'JSON.stringify': JSON.stringify,
    'performance.now': globalThis.performance.now,
    'crypto.getRandomValues': globalThis.crypto.getRandomValues,
    'indexedDB.open': globalThis.indexedDB?.open,
    addEventListener: EventTarget.prototype.addEventListener,
    dispatchEvent: EventTarget.prototype.dispatchEvent,
    getBoundingClientRect: Element.prototype.getBoundingClientRect,
    getAttribute: Element.prototype.getAttribute,
  };
  return Object.keys(used).filter(
    (name) =>
      typeof used[name] !== 'function' ||
      !Function.prototype.toString.call(used[name]).includes('[native code]'),
  );
};

/** Why the page can store nothing; an empty text if it can. */
export const readStorage = (ms: number): Promise<string> =>
  new Promise((resolve) => {
    window.setTimeout(() => resolve('no answer in time'), ms);
    try {
      const opening = globalThis.indexedDB.open('offersight-doctor');
      opening.onerror = () => resolve(String(opening.error));
      opening.onblocked = () => resolve('it is blocked');
      opening.onsuccess = () => {
        opening.result.close();
        globalThis.indexedDB.deleteDatabase('offersight-doctor');
        resolve('');
      };
    } catch (cause) {
      resolve(String(cause).slice(0, 200));
    }
  });

/** What `window.offersight` is, where a tag or commands may have made it. */
export const readCommands = (): 'none' | 'tracker' | 'queue' | 'other' => {
  const { offersight } = globalThis as { offersight?: unknown };
  // An element of that name or id is there in any case.
  if (offersight === undefined || offersight instanceof Element) return 'none';
  // An empty one was only made ready.
  if (Array.isArray(offersight)) return offersight.length ? 'queue' : 'none';
  return typeof offersight === 'object' && offersight !== null && 'by' in offersight ? 'tracker' : 'other';
};

/** An attribute that may be one of ours. */
export interface RawAttribute {
  readonly name: string;
  readonly value: string;
  /** The element's opening tag. */
  readonly markup: string;
}

/** Attributes of elements that may be ours, or are written as if they were; of each name and value one. */
export const readAttributes = (most: number): RawAttribute[] => {
  const found = new Map<string, RawAttribute>();
  for (const element of document.querySelectorAll('*'))
    for (const { name, value } of element.attributes) {
      const key = `${name}=${value}`;
      if (!/^data.?o/i.test(name) || found.has(key) || found.size >= most) continue;
      const markup = element.outerHTML.slice(0, element.outerHTML.indexOf('>') + 1).slice(0, 200);
      found.set(key, { name, value: value.slice(0, 200), markup });
    }
  return [...found.values()];
};
