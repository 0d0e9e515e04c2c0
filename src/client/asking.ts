/** Where the parts of the tracker are. The script file has asking-script.ts in its place. */

/** Loads each part, as bundlers see it: a chunk of its own. It rejects where it is not served, or a policy forbids it. */
export const load = {
  offers: () => import('./later/offer-part.js'),
  closing: () => import('./later/closing/closing-part.js'),
  more: () => import('./later/more/more.js'),
  debug: () => import('./later/debug/debug.js'),
  inspector: () => import('../tools/inspector/inspector.js'),
};
