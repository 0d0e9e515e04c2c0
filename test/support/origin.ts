/** Adds what the DOM implementation of the tests lacks. */
import { BroadcastChannel } from 'node:worker_threads';

/** A page's origin is its address's, except in a sandbox. */
if ('location' in globalThis) globalThis.origin ??= location.origin;
Object.assign(globalThis, { BroadcastChannel });
