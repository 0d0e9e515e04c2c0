/** What the DOM implementation of the tests leaves out: a page's origin, which is its address's but in a sandbox. */
if ('location' in globalThis) globalThis.origin ??= location.origin;
