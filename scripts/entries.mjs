// The entries of the package, read from its manifest. Every check of all entries takes the list from here.
import { readFileSync } from 'node:fs';

const manifest = () => JSON.parse(readFileSync('package.json', 'utf8'));

/** The entries that have types, in the manifest's order. */
export const typedEntries = () => {
  const { name: own, exports } = manifest();
  return Object.entries(exports)
    .filter(([, { types }]) => types)
    .map(([entry, { types }]) => ({
      specifier: entry === '.' ? own : `${own}${entry.slice(1)}`,
      name: entry === '.' ? 'index' : entry.slice(2).replaceAll('/', '-'),
      types: types.replace('./', ''),
      source: types.replace('./dist', 'src').replace('.d.ts', '.ts'),
    }));
};

/** Names of entries without types: files for a script tag and the manifest. */
export const untypedEntries = () =>
  Object.entries(manifest().exports)
    .filter(([, target]) => !target.types)
    .map(([entry]) => entry.slice(2));
