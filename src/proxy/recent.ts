/** Maps of bounded size: the entry that was used longest ago makes room for a new one. */
import { LRUCache } from 'lru-cache';

/** What an entry's end causes, and how long an entry is kept. */
type Keeping<Value extends object | string | number | true> = Partial<
  Pick<
    LRUCache.OptionsBase<string, Value, unknown>,
    'dispose' | 'noDisposeOnSet' | 'noUpdateTTL' | 'perf' | 'ttl' | 'ttlResolution'
  >
>;

/** A map of bounded size. */
export type Recent<Value extends object | string | number | true> = LRUCache<string, Value>;

/**
 * Makes a map of at most so many entries. It takes memory as entries come. With `max`, the library would take it for all
 * of them at once, which is 15 ms and some megabytes for each map of a proxy that starts.
 */
export const createRecent = <Value extends object | string | number | true>(
  most: number,
  keeping: Keeping<Value> = {},
): Recent<Value> => new LRUCache<string, Value>({ maxSize: most, sizeCalculation: () => 1, ...keeping });
