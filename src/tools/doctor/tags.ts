/** Which elements are tags of the script file, also after an optimizer has changed them. */
import type { ScriptTag } from './observed.js';

/** The script file itself, also under its hash, and not what it loads from beside itself. */
const FILE = /\/offersight(?!-(?:more|debug|worker))[\w.-]*\.js(?:$|[?#])/;

/** Any file of ours. */
const ANY_FILE = /\/offersight[\w.-]*\.js(?:$|[?#])/;

/** Whether a URL is the script file's by its name. */
export const isScriptUrl = (url: string): boolean => FILE.test(url);

/** Whether a URL is that of any file of ours by its name. */
export const isFileUrl = (url: string): boolean => ANY_FILE.test(url);

/** Attributes that optimizers move a script's address to end in this. */
const SOURCE = /src$/;

/**
 * A script element as a tag of ours; undefined if it is somebody else's. A file that was given another name is known by the
 * endpoint on its tag.
 * @param base What addresses are relative to.
 */
export const readTag = (
  attributes: Readonly<Record<string, string>>,
  base: string,
): ScriptTag | undefined => {
  for (const [name, value] of Object.entries(attributes)) {
    if (!SOURCE.test(name) || !URL.canParse(value, base)) continue;
    const url = new URL(value, base).href;
    if (isScriptUrl(url) || 'data-endpoint' in attributes) return { attributes, by: name, url };
  }
  return undefined;
};

const PLAIN = /^(?:|module|(?:text|application)\/(?:x-)?(?:java|ecma)script)$/i;

/** Whether a browser runs a tag as it stands. */
export const isRunnable = ({ attributes, by }: ScriptTag): boolean =>
  by === 'src' && PLAIN.test(attributes.type ?? '') && !('nomodule' in attributes);

/** A tag as people would write it. */
export const showTag = ({ attributes }: Pick<ScriptTag, 'attributes'>): string =>
  `<${['script', ...Object.entries(attributes).map(([name, value]) => (value === '' ? name : `${name}="${value}"`))].join(' ')}>`;
