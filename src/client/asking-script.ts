/** Where the parts of the tracker are if the script file is used: files beside it, of the same version. */
import { tag } from '../script-tag.js';
import { VERSION } from '../version.js';
import type * as asking from './asking.js';

/** Where they are, if the tag says so or has an address: a script that is inlined into the page has none. */
const folder = tag && (tag.getAttribute('data-files') ?? tag.src);

/**
 * By `import()`, which a policy allows that allows the script file by a nonce or by its address. A file that a loader
 * fetched has no tag; there the browser knows its address, but not if it is of another origin (HTML: muted errors).
 */
const from = (name: string): (() => Promise<unknown>) => {
  const path = `./offersight-${name}.js`;
  let file = path;
  let failures = 0;
  return async () => {
    let room: { VERSION: string };
    try {
      const address = folder == null ? file : new URL(file, new URL(folder, document.baseURI)).href;
      room = (await import(address)) as typeof room;
    } catch (cause) {
      // Before Firefox 155, and in other browsers of that time, an address that failed once fails for as long as the page
      // lives (https://github.com/whatwg/html/issues/6768). If an import map may pin it, no other address is asked.
      if (!document.querySelector('[type=importmap]')) file = `${path}?${++failures}`;
      throw cause;
    }
    // A cached file, or one that a deployment left there, may take other things than this one gives.
    if (room.VERSION !== VERSION) throw new Error(`Version is ${room.VERSION}, not ${VERSION}.`);
    return room;
  };
};

/** As {@link asking.load} has them. */
export const load = {
  offers: from('offers'),
  closing: from('closing'),
  more: from('more'),
  debug: from('debug'),
  inspector: from('inspector'),
} as typeof asking.load;
