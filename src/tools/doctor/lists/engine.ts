/** Filter lists that the user has put into a folder. The one room that names the engine which reads them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FilterLists, NamedRequest } from './names.js';

/** A list's text, by its file's name. */
interface ListFile {
  readonly name: string;
  readonly text: string;
}

/**
 * Reads the lists of a folder: its files that end in `.txt`.
 * @throws {Error} If it cannot be read, or has none.
 */
export const readListFiles = (folder: string): ListFile[] => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  if (!names.length) throw new Error(`${folder} has no .txt file`);
  return names.map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
};

/**
 * Makes lists out of texts in EasyList's form.
 * @throws {Error} If the engine is not installed.
 */
export const loadLists = async (files: readonly ListFile[]): Promise<FilterLists> => {
  const { FiltersEngine, Request } = await import('@ghostery/adblocker');
  // An engine for each, so that a finding can say which list it is of.
  const engines = files.map(({ name, text }) => ({
    name,
    engine: FiltersEngine.parse(text, { debug: true }),
  }));
  const blocks = ({ url, type }: NamedRequest, page: string): ReturnType<FilterLists['blocks']> => {
    const request = Request.fromRawDetails({ url, sourceUrl: page, type });
    for (const { name, engine } of engines) {
      const { match, filter } = engine.match(request);
      if (match) return { filter: filter?.rawLine ?? String(filter), list: name };
    }
    return undefined;
  };
  const hides = (names: readonly string[], page: string): string[] => {
    const of = (mark: string) => names.filter((name) => name.startsWith(mark)).map((name) => name.slice(1));
    const { hostname, domain } = Request.fromRawDetails({ url: page, type: 'main_frame' });
    return engines.flatMap(({ engine }) =>
      engine
        .matchCosmeticFilters({ url: page, hostname, domain, classes: of('.'), ids: of('#') })
        .matches.flatMap(({ filter, exception }) => (filter && !exception ? [filter.getSelector()] : [])),
    );
  };
  return { name: files.map(({ name }) => name).join(', '), blocks, hides };
};

/** Several lists as one. */
export const joinLists = (...lists: readonly FilterLists[]): FilterLists => ({
  name: lists.map(({ name }) => name).join(', '),
  blocks(request, page) {
    for (const list of lists) {
      const found = list.blocks(request, page);
      if (found) return found;
    }
    return undefined;
  },
  hides: (names, page) => lists.flatMap((list) => list.hides(names, page)),
});
