/** Bundles a program and `src` into a few files once, so that two hundred processes need not compile them each. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rollup } from 'rollup';
import ts from 'typescript';

/** A program that Node can run as it is. */
export interface Program {
  readonly path: string;
  remove(): void;
}

const KILLER = join(import.meta.dirname, 'killer.ts');

const COMPILER = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ES2022,
  jsx: ts.JsxEmit.ReactJSX,
  jsxImportSource: 'preact',
};

/**
 * Bundles a program.
 * @param entry Path of a TypeScript module. Packages stay outside, so the bundle is in a folder from which they are
 * found.
 */
export const bundleProgram = async (entry: string): Promise<Program> => {
  const bundle = await rollup({
    input: { program: entry, killer: KILLER },
    external: (specifier) => !/^[./]/.test(specifier),
    plugins: [
      {
        name: 'without-types',
        resolveId(specifier, importer) {
          if (!importer || !/^[./]/.test(specifier)) return importer ? null : specifier;
          const path = join(dirname(importer), specifier.replace(/\.js$/, '.ts'));
          return existsSync(path) ? path : `${path}x`;
        },
        load: (id) =>
          ts.transpileModule(readFileSync(id, 'utf8'), { compilerOptions: COMPILER, fileName: id })
            .outputText,
      },
    ],
  });
  const folder = join(import.meta.dirname, '../../../test-results', `program-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  await bundle.write({ dir: folder, format: 'es', entryFileNames: '[name].js' });
  await bundle.close();
  return { path: join(folder, 'program.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
};
