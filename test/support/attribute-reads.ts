/** The attributes of ours that code names, read by the compiler: `data-…` in strings, and in templates with names behind it. */
import ts from 'typescript';

/** The names that a file may put behind the beginning of a template. */
const namesOf = (value: ts.Expression, source: ts.SourceFile): readonly string[] => {
  if (!ts.isIdentifier(value)) throw new Error(`${source.fileName}: ${value.getText()} is not a name.`);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    // A function of one name, such as `read('ratio')`.
    if (ts.isVariableDeclaration(node) && node.initializer && ts.isArrowFunction(node.initializer)) {
      const [parameter] = node.initializer.parameters;
      const isInside = value.pos >= node.pos && value.end <= node.end;
      if (isInside && parameter?.name.getText() === value.text)
        found.push(...callsOf(node.name.getText(), source));
    }
    // A loop over a table or over a list of names.
    if (ts.isForOfStatement(node) && value.pos >= node.pos && value.end <= node.end)
      found.push(...keysOf(node.expression, source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  if (!found.length) throw new Error(`${source.fileName}: nothing says what ${value.text} may be.`);
  return found;
};

/** The strings that a function of this file is called with. */
const callsOf = (name: string, source: ts.SourceFile): readonly string[] => {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const [argument] = ts.isCallExpression(node) && node.expression.getText() === name ? node.arguments : [];
    if (argument && ts.isStringLiteral(argument)) found.push(argument.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

/** The keys of the objects that an expression names. */
const keysOf = (expression: ts.Node, source: ts.SourceFile): readonly string[] => {
  const found: string[] = [];
  const seen = new Set<string>();
  const follow = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const visit = (node: ts.Node): void => {
      if (ts.isVariableDeclaration(node) && node.name.getText() === name && node.initializer)
        look(node.initializer);
      ts.forEachChild(node, visit);
    };
    visit(source);
  };
  const look = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) follow(node.text);
    else if (ts.isObjectLiteralExpression(node))
      for (const each of node.properties)
        found.push((each.name as ts.Identifier | ts.StringLiteral | undefined)?.text ?? '');
    else ts.forEachChild(node, look);
  };
  look(expression);
  return found;
};

/** Every attribute that a file names outside of its comments. */
export const attributesNamedIn = (file: string, text: string): readonly string[] => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isStringLiteralLike(node))
      found.push(
        ...[...node.text.matchAll(/(?<![\w-])data-[a-z]+(?:-[a-z]+)*(?![\w-])/g)].map(([name]) => name),
      );
    if (ts.isTemplateExpression(node)) {
      const [beginning] = /(?<![\w-])data-(?:[a-z]+-)*$/.exec(node.head.text) ?? [];
      const [span] = node.templateSpans;
      if (beginning !== undefined && span)
        found.push(...namesOf(span.expression, source).map((name) => `${beginning}${name}`));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};
