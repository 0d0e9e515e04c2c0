/** Asks for what only some pages need where the script file is used: a file beside it, of the same version. */
import { tag } from '../../script-tag.js';
import { VERSION } from '../../version.js';
import type { LoadMore } from './asking.js';

/** {@link LoadMore} by `import()`, which a policy allows that allows the script file by a nonce or by its address. */
export const loadMore: LoadMore = async () => {
  const room = (await import(new URL('offersight-more.js', tag?.src).href)) as Awaited<ReturnType<LoadMore>>;
  // A cached file, or one that a deployment left there, may take other things than this one gives.
  if (room.VERSION !== VERSION) throw new Error(`Version ${room.VERSION}, not ${VERSION}.`);
  return room;
};
