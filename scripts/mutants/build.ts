/** Builds a browser's files from a snapshot of the tree, with at most one of its files altered. */
import { join, resolve } from 'node:path';
import { type MergedRollupOptions, rollup } from 'rollup';
import { loadConfigFile } from 'rollup/loadConfigFile';
import ts from 'typescript';
import { createTranspiler } from '../transpile.mjs';

/** A file, named from the tree's root, and the text that it has instead of its own. */
export interface Altered {
  readonly file: string;
  readonly text: string;
}

/** Builds one snapshot, again and again. */
export interface Builder {
  /**
   * Checks the types of an altered file together with all others.
   * @throws {Error} If the types are wrong: such a build could fail the tests without breaking what they promise.
   */
  check(altered: Altered): void;
  /** Writes the module and the script file to a folder's `dist`. */
  build(folder: string, altered?: Altered): Promise<void>;
}

/** Steps of a release that a test does not need. */
const LEFT_OUT = ['typescript', 'transpile', 'terser'];

const explain = (diagnostics: readonly ts.Diagnostic[]): string =>
  diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')).join('\n');

const optionsOf = (tree: string): ts.CompilerOptions => {
  const { config } = ts.readConfigFile(join(tree, 'tsconfig.build.json'), ts.sys.readFile) as {
    config: unknown;
  };
  const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, tree);
  if (errors.length) throw new Error(explain(errors));
  // A mutant may leave a name unused.
  return { ...options, noUnusedLocals: false, noUnusedParameters: false };
};

/**
 * Starts building.
 * @param tree The snapshot, which has to be the working directory too, because the configuration names files from it.
 */
export const createBuilder = async (tree: string): Promise<Builder> => {
  const options = optionsOf(tree);
  const { options: configs } = await loadConfigFile(join(tree, 'rollup.config.mjs'), {});

  const host = ts.createCompilerHost(options);
  const parse = host.getSourceFile;
  const parsed = new Map<string, ts.SourceFile | undefined>();
  let overlay: (Altered & { readonly path: string }) | undefined;
  host.getSourceFile = (name, target, ...rest) => {
    if (overlay && resolve(name) === overlay.path) return ts.createSourceFile(name, overlay.text, target);
    if (!parsed.has(name)) parsed.set(name, parse.call(host, name, target, ...rest));
    return parsed.get(name);
  };
  let program: ts.Program | undefined;

  const transpile = createTranspiler(tree);

  const write = async (
    { output, plugins, ...input }: MergedRollupOptions,
    folder: string,
    altered: Altered | undefined,
  ): Promise<void> => {
    const own = plugins.filter(({ name }) => !LEFT_OUT.includes(name));
    // This replaces the compiler, which takes longer than the tests. `check` checks the types.
    const compile = transpile((id, code) =>
      altered && id === join(tree, altered.file) ? altered.text : code,
    );
    const bundle = await rollup({ ...input, plugins: [...own, compile] });
    for (const { dir, file, ...out } of output)
      await bundle.write({
        ...out,
        ...(dir ? { dir: join(folder, dir) } : { file: join(folder, file ?? '') }),
      });
    await bundle.close();
  };

  return {
    check(altered) {
      const path = join(tree, altered.file);
      overlay = { ...altered, path };
      program = ts.createProgram(
        [join(tree, 'src/script.ts'), join(tree, 'src/index.ts')],
        options,
        host,
        program,
      );
      const file = program.getSourceFile(path);
      if (!file) throw new Error('no part of what a browser loads');
      const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      overlay = undefined;
      if (diagnostics.length) throw new Error(explain(diagnostics));
    },
    async build(folder, altered) {
      for (const config of configs) await write(config, folder, altered);
    },
  };
};
