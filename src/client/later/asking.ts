/** Asks for what only some pages need. The script file has asking-script.ts in its place. */
import type * as Room from './more/more.js';

/** Loads it; rejects where it is not served, or a policy forbids it. */
export type LoadMore = () => Promise<typeof Room>;

/** {@link LoadMore} as bundlers see it: a chunk of its own. */
export const loadMore: LoadMore = () => import('./more/more.js');
