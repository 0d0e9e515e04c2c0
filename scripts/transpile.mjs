// Lets Rollup bundle TypeScript whose types something else has checked. Each file is compiled by itself, and only
// once for all bundles. A program of the whole tree for every bundle took most of a build's time.
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

/** @import { Plugin } from 'rollup' */

/**
 * The options that a tree's build has, without those that need a program.
 * @param {string} tree
 */
const optionsOf = (tree) => {
  const { config, error } = ts.readConfigFile(join(tree, 'tsconfig.build.json'), ts.sys.readFile);
  const { options, errors } = ts.parseJsonConfigFileContent(config ?? {}, ts.sys, tree);
  const [fault] = error ? [error] : errors;
  if (fault) throw new Error(ts.flattenDiagnosticMessageText(fault.messageText, '\n'));
  // A single file cannot be checked against the package's kind of modules.
  return { ...options, module: ts.ModuleKind.ESNext };
};

/**
 * Returns a function that makes plugins for Rollup. A plugin takes `textOf(id, code)`, which returns the text that
 * replaces a file's own.
 * @param {string} tree The folder of tsconfig.build.json.
 * @returns {(textOf?: (id: string, code: string) => string) => Plugin}
 */
export const createTranspiler = (tree) => {
  const options = optionsOf(tree);
  /**
   * The key is the text, since a file that was altered has to be compiled again.
   * @type {Map<string, { code: string, map: string | null }>}
   */
  const made = new Map();
  /**
   * @param {string} code
   * @param {string} fileName
   */
  const transpile = (code, fileName) => {
    const key = `${fileName}\n${code}`;
    const known = made.get(key);
    if (known) return known;
    const { outputText, sourceMapText } = ts.transpileModule(code, { fileName, compilerOptions: options });
    const result = {
      code: outputText.replace(/^\/\/# sourceMappingURL=.*$/m, ''),
      map: sourceMapText ?? null,
    };
    made.set(key, result);
    return result;
  };
  return (textOf = (_, code) => code) => ({
    name: 'transpile',
    resolveId(specifier, importer) {
      if (!importer || !specifier.startsWith('.')) return null;
      const path = resolve(dirname(importer), specifier).replace(/\.js$/, '.ts');
      return [path, `${path}x`].find((each) => existsSync(each)) ?? null;
    },
    transform: (code, id) => (/\.tsx?$/.test(id) ? transpile(textOf(id, code), id) : null),
  });
};
