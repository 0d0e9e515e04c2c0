// Whether what was made is younger than all that it was made of, so that it need not be made again. Folders count as sources,
// since a folder changes when one of its files is deleted.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} path
 * @returns {number[]}
 */
const agesBelow = (path) => {
  const found = statSync(path);
  return found.isDirectory()
    ? [found.mtimeMs, ...readdirSync(path).flatMap((name) => agesBelow(join(path, name)))]
    : [found.mtimeMs];
};

/**
 * @param {string} made A file.
 * @param {readonly string[]} sources Files and folders.
 */
export const isYounger = (made, sources) =>
  (statSync(made, { throwIfNoEntry: false })?.mtimeMs ?? 0) > Math.max(...sources.flatMap(agesBelow));
