// The entries of the package, read from its manifest. Every check of all entries takes the list from here.
import { readFileSync } from 'node:fs';

/**
 * An entry of the package that has types.
 * @typedef {object} Entry
 * @property {string} specifier As users import it: `offersight/proxy`.
 * @property {string} name For a file's name: `proxy-sqlite`.
 * @property {string} types The built declarations, below the package.
 * @property {string} source What they are built from, below the package.
 */

/** @typedef {string | { readonly types?: string }} Target */

/** @returns {{ readonly name: string, readonly exports: Readonly<Record<string, Target>> }} */
const manifest = () => JSON.parse(readFileSync('package.json', 'utf8'));

/** @param {Target} target */
const typesOf = (target) => (typeof target === 'string' ? undefined : target.types);

/**
 * The entries that have types, in the manifest's order.
 * @returns {Readonly<Entry>[]}
 */
export const typedEntries = () => {
  const { name: own, exports } = manifest();
  return Object.entries(exports).flatMap(([entry, target]) => {
    const types = typesOf(target);
    if (!types) return [];
    return {
      specifier: entry === '.' ? own : `${own}${entry.slice(1)}`,
      name: entry === '.' ? 'index' : entry.slice(2).replaceAll('/', '-'),
      types: types.replace('./', ''),
      source: types.replace('./dist', 'src').replace('.d.ts', '.ts'),
    };
  });
};

/** Names of entries without types: files for a script tag and the manifest. */
export const untypedEntries = () =>
  Object.entries(manifest().exports)
    .filter(([, target]) => !typesOf(target))
    .map(([entry]) => entry.slice(2));
