/** The compiler's errors in code that imports the package's own sources. */
import { resolve } from 'node:path';
import ts from 'typescript';
import { typedEntries } from '../../scripts/entries.mjs';

/** An error, with its place. */
export interface CompilerError {
  /** The name of the text that has it. */
  readonly name: string;
  /** The line in that text, from 0. */
  readonly line: number;
  readonly code: number;
  readonly message: string;
}

/**
 * Compiles texts as modules of the folder `test`, with the repository's own settings.
 * @param texts Name of a file → its text.
 */
export const compileTexts = (
  texts: ReadonlyMap<string, string>,
  changed: ts.CompilerOptions = {},
): readonly CompilerError[] => {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const paths = Object.fromEntries(
    typedEntries().map(({ specifier, source }) => [specifier, [`./${source}`]]),
  );
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, paths, noUnusedLocals: false, noUnusedParameters: false },
    '.',
  );
  const all = { ...options, ...changed };
  const files = new Map([...texts].map(([name, text]) => [resolve('test', name), { name, text }]));
  const host = ts.createCompilerHost(all);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const own = files.get(path);
    return own ? ts.createSourceFile(path, own.text, version, true) : getSourceFile(path, version, ...rest);
  };
  const program = ts.createProgram([...files.keys()], all, host);
  return [...files].flatMap(([path, { name }]) => {
    const source = program.getSourceFile(path);
    if (!source) throw new Error(`${path} is not compiled.`);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ code, messageText, start = 0 }) => ({
        name,
        line: source.getLineAndCharacterOfPosition(start).line,
        code,
        message: ts.flattenDiagnosticMessageText(messageText, '\n'),
      }),
    );
  });
};
