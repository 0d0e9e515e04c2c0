/** The script file's own tag, which only is known while the file runs. */

/**
 * A module, or what a loader fetched, does not know its own: then the page's first one of the file's name stands for it. Nothing
 * where there is none. An image of that name would hide the tag, and
 * set every option by its own attributes, hence not by `document.currentScript`.
 */
export const tag =
  (Reflect.get(Document.prototype, 'currentScript', document) as HTMLScriptElement | null) ??
  document.querySelector<HTMLScriptElement>('script[src*="offersight.js"]');
