/** The defaults that the code itself has: after `=` in a parameter or in a pattern that takes options apart, and after `??` and `||`. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import ts from 'typescript';

/** A list is its JSON, and a value within a string is its name in braces. */
export type Value = number | string | boolean;

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
  [ts.SyntaxKind.SlashToken]: (one, other) => one / other,
};

/** What an expression of literals, constants and arithmetic is; undefined for any other one. */
const valueIn = (node: ts.Expression | undefined, checker: ts.TypeChecker): Value | undefined => {
  if (!node) return undefined;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isStringLiteralLike(node)) return node.text;
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword)
    return node.kind === ts.SyntaxKind.TrueKeyword;
  if (ts.isTemplateExpression(node))
    return node.templateSpans.reduce(
      (text, { expression, literal }) => `${text}{${expression.getText()}}${literal.text}`,
      node.head.text,
    );
  if (ts.isArrayLiteralExpression(node)) {
    const values = node.elements.map((each) => valueIn(each, checker));
    return values.includes(undefined) ? undefined : JSON.stringify(values);
  }
  // A set of constants is a list to its reader.
  if (ts.isNewExpression(node) && node.expression.getText() === 'Set')
    return valueIn(node.arguments?.[0], checker);
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
  if ((ts.isBindingElement(node) || ts.isParameter(node)) && node.initializer)
    return [((ts.isBindingElement(node) && node.propertyName) || node.name).getText(), node.initializer];
  if (!ts.isBinaryExpression(node) || !FALLING_BACK.has(node.operatorToken.kind)) return undefined;
  if (ts.isIdentifier(node.left)) return [node.left.text, node.right];
  return ts.isPropertyAccessExpression(node.left) ? [node.left.name.text, node.right] : undefined;
};

/** A default that depends on something has several values. */
const branchesOf = (node: ts.Expression | undefined): readonly (ts.Expression | undefined)[] =>
  node && ts.isConditionalExpression(node)
    ? [...branchesOf(node.whenTrue), ...branchesOf(node.whenFalse)]
    : [node];

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

/** Reads files; gives the defaults of a name in a folder of them, or in one of them. */
export const readDefaults = (
  files: readonly string[],
): ((folder: string, name: string) => ReadonlySet<Value>) => {
  const options = { noLib: true, noEmit: true, types: [], target: ts.ScriptTarget.ESNext };
  const program = ts.createProgram([...files], options, hostFor(options));
  const checker = program.getTypeChecker();
  const found: { file: string; name: string; value: Value }[] = [];
  const visit = (file: string, node: ts.Node): void => {
    const [name, expression] = defaultIn(node) ?? [];
    for (const each of branchesOf(expression)) {
      const value = valueIn(each, checker);
      if (name !== undefined && value !== undefined) found.push({ file, name, value });
    }
    ts.forEachChild(node, (child) => visit(file, child));
  };
  for (const file of files) {
    const source = program.getSourceFile(file);
    if (source) visit(file, source);
  }
  return (folder, name) =>
    new Set(
      found
        .filter((each) => each.name === name && (each.file === folder || each.file.startsWith(`${folder}/`)))
        .map(({ value }) => value),
    );
};
