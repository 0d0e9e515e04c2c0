/**
 * What is asked inside the page of what surrounds the tracker: storage, and attributes. Each function is sent to the browser as text, so it uses nothing from outside of itself.
 */

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
