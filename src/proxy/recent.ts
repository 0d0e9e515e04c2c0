/** Maps of bounded size: the entry that was used longest ago makes room for a new one. */
import { LRUCache } from 'lru-cache';

/**
 * Makes a map of at most so many entries. It takes memory as entries come. With `max`, the library would take it for all
 * of them at once: 10 ms and a megabyte for each map of 50,000, when a proxy is made.
 */
export const createRecent = <Value extends object | true | number>(most: number): LRUCache<string, Value> =>
  new LRUCache({ maxSize: most, sizeCalculation: () => 1 });
