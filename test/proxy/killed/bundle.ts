/** Bundles a program and `src` into a few files once, so that two hundred processes need not compile them each. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A program that Node can run as it is. */
export interface Program {
  readonly path: string;
  remove(): void;
}

/**
 * Bundles a program.
 * @param entry Path of a TypeScript module. Packages stay outside, so the bundle is in a folder from which they are
 * found.
 */
export const bundleProgram = async (entry: string): Promise<Program> => {
  const folder = join(import.meta.dirname, '../../../test-results', `program-${process.pid}`);
  await build({
    entryPoints: { program: entry, killer: join(import.meta.dirname, 'killer.ts') },
    outdir: folder,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Which files may be left out is said for the built package.
    ignoreAnnotations: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  return { path: join(folder, 'program.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
};
