/** Asks for what only some pages need where the script file is used: files beside it, of the same version. */
import { tag } from '../../script-tag.js';
import { VERSION } from '../../version.js';
import type { LoadDebug, LoadDelivery, LoadInspector, LoadMore } from './asking.js';

/** By `import()`, which a policy allows that allows the script file by a nonce or by its address. */
const load =
  (name: string): (() => Promise<unknown>) =>
  async () => {
    const room = (await import(new URL(`offersight-${name}.js`, tag?.src).href)) as { VERSION: string };
    // A cached file, or one that a deployment left there, may take other things than this one gives.
    if (room.VERSION !== VERSION) throw new Error(`Version is ${room.VERSION}, not ${VERSION}.`);
    return room;
  };

/** {@link LoadMore} from `offersight-more.js`. */
export const loadMore = load('more') as LoadMore;

/** {@link LoadDebug} from `offersight-debug.js`. */
export const loadDebug = load('debug') as LoadDebug;

/** {@link LoadInspector} from `offersight-inspector.js`. */
export const loadInspector = load('inspector') as LoadInspector;

/** {@link LoadDelivery} from `offersight-delivery.js`. */
export const loadDelivery = load('delivery') as LoadDelivery;
