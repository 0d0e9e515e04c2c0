/** The script file's own tag, which only is known while the file runs. */

/**
 * Nothing where a page runs it otherwise, as a worker or a bundler would. An image of that name would hide the tag, and
 * set every option by its own attributes, hence not by `document.currentScript`.
 */
export const tag = Reflect.get(Document.prototype, 'currentScript', document) as HTMLScriptElement | null;
