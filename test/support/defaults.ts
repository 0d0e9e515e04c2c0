/** The defaults that the code itself has: after `=` in a pattern that takes options apart, and after `??` and `||`. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import ts from 'typescript';

export type Value = number | string;

/** The initializer of what a name stands for, also in another file. */
const meantBy = (node: ts.Node, checker: ts.TypeChecker): ts.Expression | undefined => {
  let symbol = checker.getSymbolAtLocation(node);
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  const declaration = symbol?.valueDeclaration;
  return declaration && (ts.isVariableDeclaration(declaration) || ts.isPropertyAssignment(declaration))
    ? declaration.initializer
    : undefined;
};

const ARITHMETIC: Readonly<Partial<Record<ts.SyntaxKind, (one: number, other: number) => number>>> = {
  [ts.SyntaxKind.AsteriskToken]: (one, other) => one * other,
  [ts.SyntaxKind.AsteriskAsteriskToken]: (one, other) => one ** other,
  [ts.SyntaxKind.PlusToken]: (one, other) => one + other,
  [ts.SyntaxKind.MinusToken]: (one, other) => one - other,
};

/** What an expression of literals, constants and arithmetic is; undefined for any other one. */
const valueIn = (node: ts.Expression | undefined, checker: ts.TypeChecker): Value | undefined => {
  if (!node) return undefined;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
    return valueIn(node.expression, checker);
  if (ts.isBinaryExpression(node)) {
    const [one, other] = [valueIn(node.left, checker), valueIn(node.right, checker)];
    if (typeof one !== 'number' || typeof other !== 'number') return undefined;
    return ARITHMETIC[node.operatorToken.kind]?.(one, other);
  }
  if (ts.isIdentifier(node) || ts.isPropertyAccessExpression(node))
    return valueIn(meantBy(node, checker), checker);
  return undefined;
};

const FALLING_BACK: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.BarBarToken,
]);

/** The name of an option, and the expression that is its default. */
const defaultIn = (node: ts.Node): readonly [string, ts.Expression] | undefined => {
  if (ts.isBindingElement(node) && node.initializer)
    return [(node.propertyName ?? node.name).getText(), node.initializer];
  if (!ts.isBinaryExpression(node) || !FALLING_BACK.has(node.operatorToken.kind)) return undefined;
  if (ts.isIdentifier(node.left)) return [node.left.text, node.right];
  return ts.isPropertyAccessExpression(node.left) ? [node.left.name.text, node.right] : undefined;
};

/** Constants come from our own files, so nothing else is loaded, which takes seconds. */
const hostFor = (options: ts.CompilerOptions): ts.CompilerHost => ({
  ...ts.createCompilerHost(options),
  resolveModuleNameLiterals: (names, from) =>
    names.map(({ text }) => {
      const file = resolve(dirname(from), text.replace(/\.js$/, '.ts'));
      if (!text.startsWith('.') || !existsSync(file)) return { resolvedModule: undefined };
      return { resolvedModule: { resolvedFileName: file, extension: ts.Extension.Ts } };
    }),
});

/** Reads files; gives the defaults of a name in a folder of them. */
export const readDefaults = (
  files: readonly string[],
): ((folder: string, name: string) => ReadonlySet<Value>) => {
  const options = { noLib: true, noEmit: true, types: [], target: ts.ScriptTarget.ESNext };
  const program = ts.createProgram([...files], options, hostFor(options));
  const checker = program.getTypeChecker();
  const found: { file: string; name: string; value: Value }[] = [];
  const visit = (file: string, node: ts.Node): void => {
    const [name, expression] = defaultIn(node) ?? [];
    const value = valueIn(expression, checker);
    if (name !== undefined && value !== undefined) found.push({ file, name, value });
    ts.forEachChild(node, (child) => visit(file, child));
  };
  for (const file of files) {
    const source = program.getSourceFile(file);
    if (source) visit(file, source);
  }
  return (folder, name) =>
    new Set(
      found
        .filter((each) => each.name === name && each.file.startsWith(`${folder}/`))
        .map(({ value }) => value),
    );
};
