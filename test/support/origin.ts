/** Adds a page's origin, which the DOM implementation of the tests lacks. It is the address's, except in a sandbox. */
if ('location' in globalThis) globalThis.origin ??= location.origin;
