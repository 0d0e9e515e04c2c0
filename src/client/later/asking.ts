/** Asks for what only some pages need. The script file has asking-script.ts in its place. */
import type * as InspectorRoom from '../../tools/inspector/inspector.js';
import type * as DebugRoom from './debug/debug.js';
import type * as Room from './more/more.js';
import type * as DeliveryRoom from './page-delivery.js';

/** Loads it; rejects where it is not served, or a policy forbids it. */
export type LoadMore = () => Promise<typeof Room>;
/** The same for what only who sets a page up needs. */
export type LoadDebug = () => Promise<typeof DebugRoom>;

/** The same for what delivers. */
export type LoadDelivery = () => Promise<typeof DeliveryRoom>;

/** The same for what shows people what the tracker sees. */
export type LoadInspector = () => Promise<typeof InspectorRoom>;

/** {@link LoadMore} as bundlers see it: a chunk of its own. */
export const loadMore: LoadMore = () => import('./more/more.js');

/** {@link LoadDebug}, another chunk. */
export const loadDebug: LoadDebug = () => import('./debug/debug.js');

/** {@link LoadInspector}, another chunk. */
export const loadInspector: LoadInspector = () => import('../../tools/inspector/inspector.js');

/** {@link LoadDelivery}, another chunk. */
export const loadDelivery: LoadDelivery = () => import('./page-delivery.js');
