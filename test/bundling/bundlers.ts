/** The two bundlers that most applications are built with, and what each puts into a page's first load and later ones. */
import { join } from 'node:path';
import { build, createLogger, type Rolldown } from 'vite';
import webpack from 'webpack';

/** What a page loads: rooms of this package (`client/tracker`) and names of other packages (`ky`), in order of name. */
export interface Loads {
  /** At once. */
  readonly first: readonly string[];
  /** On demand. */
  readonly later: readonly string[];
  /** What the bundler had to say. */
  readonly warnings: readonly string[];
}

/** Bundles a page, a file in an application's folder. */
export type Bundler = (folder: string, page: string) => Promise<Loads>;

const PLACE = /.*\/node_modules\/(?:offersight\/dist\/(.+)\.js$|((?:@[^/]+\/)?[^/]+)\/)/;

/** Modules by their rooms or packages; the page itself and what a bundler adds have neither. */
const named = (modules: Iterable<string>): string[] => {
  const names = [...modules].map((id) => PLACE.exec(id)).map((found) => found?.[1] ?? found?.[2]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
};

/** By Vite. */
export const bundleByVite: Bundler = async (folder, page) => {
  const warnings: string[] = [];
  const logger = createLogger('silent');
  const warn = (said: string): void => void warnings.push(said);
  const built = await build({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    customLogger: { ...logger, warn, warnOnce: warn },
    build: { write: false, minify: false, rolldownOptions: { input: join(folder, page) } },
  });
  const { output } = built as Rolldown.RolldownOutput;
  const chunks = output.filter((each) => each.type === 'chunk');
  const first = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const name of first)
    for (const imported of chunks.find(({ fileName }) => fileName === name)?.imports ?? [])
      first.add(imported);
  const modulesOf = (isFirst: boolean): string[] =>
    chunks.filter(({ fileName }) => first.has(fileName) === isFirst).flatMap(({ moduleIds }) => moduleIds);
  return { first: named(modulesOf(true)), later: named(modulesOf(false)), warnings };
};

/** Each part that webpack has put into one. */
const partsOf = (module: webpack.Module): readonly webpack.Module[] =>
  'modules' in module ? (module.modules as webpack.Module[]) : [module];

/** By webpack. */
export const bundleByWebpack: Bundler = (folder, page) =>
  new Promise((resolve, reject) => {
    const options: webpack.Configuration = {
      mode: 'production',
      context: folder,
      entry: join(folder, page),
      output: { path: join(folder, 'built') },
      // Its content is decided before, so it need not be minified.
      optimization: { minimize: false },
    };
    webpack(options, (error, stats) => {
      if (error || !stats) {
        reject(error ?? new Error('webpack told nothing'));
        return;
      }
      const { chunks, chunkGraph, errors, warnings } = stats.compilation;
      const modulesOf = (isFirst: boolean): string[] =>
        [...chunks]
          .filter((chunk) => chunk.canBeInitial() === isFirst)
          .flatMap((chunk) => [...chunkGraph.getChunkModulesIterable(chunk)].flatMap(partsOf))
          .map((module) => ('resource' in module ? String(module.resource) : ''));
      resolve({
        first: named(modulesOf(true)),
        later: named(modulesOf(false)),
        warnings: [...errors, ...warnings].map(({ message }) => message),
      });
    });
  });
