/** Builds what a browser loads out of a snapshot of the tree, with at most one of its files altered. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type MergedRollupOptions, type Plugin, rollup } from 'rollup';
import { loadConfigFile } from 'rollup/loadConfigFile';
import ts from 'typescript';

/** A file, named from the tree's root, and the text that it has instead of its own. */
export interface Altered {
  readonly file: string;
  readonly text: string;
}

/** Builds one snapshot, again and again. */
export interface Builder {
  /**
   * Holds an altered file against the types of all others.
   * @throws {Error} If it has no meaning: such a build could fail the tests without breaking what they promise.
   */
  check(altered: Altered): void;
  /** Writes the module and the script file to a folder's `dist`. */
  build(folder: string, altered?: Altered): Promise<void>;
}

/** What the release does beside, and a test has no need of. */
const LEFT_OUT = ['typescript', 'terser'];

const explain = (diagnostics: readonly ts.Diagnostic[]): string =>
  diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')).join('\n');

const optionsOf = (tree: string): ts.CompilerOptions => {
  const { config } = ts.readConfigFile(join(tree, 'tsconfig.build.json'), ts.sys.readFile) as {
    config: unknown;
  };
  const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, tree);
  if (errors.length) throw new Error(explain(errors));
  // What is broken may leave something without a use.
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

  const transpiled = new Map<string, { readonly code: string; readonly map: string }>();
  const transpile = (code: string, fileName: string): { readonly code: string; readonly map: string } => {
    const known = transpiled.get(code);
    if (known) return known;
    const { outputText, sourceMapText = '' } = ts.transpileModule(code, {
      fileName,
      // For one file alone it cannot be known what the package says.
      compilerOptions: { ...options, module: ts.ModuleKind.ESNext },
    });
    const made = { code: outputText.replace(/^\/\/# sourceMappingURL=.*$/m, ''), map: sourceMapText };
    transpiled.set(code, made);
    return made;
  };

  /** In the place of the compiler, which takes longer than the tests: types are held against the rest by `check`. */
  const compile = (altered: Altered | undefined): Plugin => ({
    name: 'transpile',
    resolveId(specifier, importer) {
      if (!importer || !specifier.startsWith('.')) return null;
      const path = resolve(dirname(importer), specifier).replace(/\.js$/, '.ts');
      return [path, `${path}x`].find((each) => existsSync(each)) ?? null;
    },
    transform(code, id) {
      if (!/\.tsx?$/.test(id)) return null;
      return transpile(altered && id === join(tree, altered.file) ? altered.text : code, id);
    },
  });

  const write = async (
    { output, plugins, ...input }: MergedRollupOptions,
    folder: string,
    altered: Altered | undefined,
  ): Promise<void> => {
    const own = plugins.filter(({ name }) => !LEFT_OUT.includes(name));
    const bundle = await rollup({ ...input, plugins: [...own, compile(altered)] });
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
