/** The page's own scripts as a shop's build would have them: the npm entry and its second load bundled in. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { type Plugin, rollup } from 'rollup';
import ts from 'typescript';

/** Removes the types, without checking them. */
const withoutTypes: Plugin = {
  name: 'without-types',
  resolveId: async (specifier, importer) => {
    if (specifier === 'offersight') return fileURLToPath(new URL('../../dist/index.js', import.meta.url));
    const isOurs = importer?.endsWith('.ts') && specifier.startsWith('.');
    return isOurs ? fileURLToPath(new URL(specifier.replace(/\.js$/, '.ts'), `file://${importer}`)) : null;
  },
  load: async (id) => {
    if (!id.endsWith('.ts')) return null;
    const { target, module } = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 };
    return ts.transpileModule(await readFile(id, 'utf8'), { compilerOptions: { target, module } }).outputText;
  },
};

/** Bundles modules of this folder, and returns every file by its name. */
export const bundlePages = async (...names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const bundle = await rollup({
    input: names.map((name) => fileURLToPath(new URL(`${name}.ts`, import.meta.url))),
    plugins: [withoutTypes, nodeResolve({ browser: true })],
  });
  const { output } = await bundle.generate({ format: 'es', chunkFileNames: '[name].js' });
  await bundle.close();
  return new Map(output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file.code]] : [])));
};
