/** The script file's own tag, which only is known while the file runs. */

/**
 * A module, or a file that a loader fetched, does not know its own tag: then the page's first tag
 * that names the file is taken for it, if there is one. `document.currentScript` is not used: an
 * image of that name would shadow it, and set every option by its own attributes.
 */
export const tag =
  (Reflect.get(Document.prototype, 'currentScript', document) as HTMLScriptElement | null) ??
  document.querySelector<HTMLScriptElement>('script[src*="offersight"]');
