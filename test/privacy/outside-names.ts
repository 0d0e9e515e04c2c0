/** Names that a source takes from the platform and does not declare, and what it takes of them. */
import ts from 'typescript';
import { lineOf, nodesOf, parse } from './sources.js';

/** Objects that have everything of the platform: `globalThis.name` is `name`. */
const WHOLES = new Set(['globalThis', 'window', 'self', 'top', 'parent']);

/** Objects of which it matters what is taken of them. */
const SHOWN = new Set(['navigator', 'process']);

/** Whether an identifier declares something. */
const isDeclaring = (node: ts.Identifier): boolean => {
  const { parent } = node;
  return (
    (ts.isVariableDeclaration(parent) ||
      ts.isParameter(parent) ||
      ts.isBindingElement(parent) ||
      ts.isFunctionDeclaration(parent) ||
      ts.isFunctionExpression(parent) ||
      ts.isClassDeclaration(parent) ||
      ts.isImportSpecifier(parent) ||
      ts.isImportClause(parent) ||
      ts.isNamespaceImport(parent) ||
      ts.isImportEqualsDeclaration(parent)) &&
    parent.name === node
  );
};

/** Whether an identifier is only the name of a property, a label, a tag or something to export. */
const isOnlyName = (node: ts.Identifier): boolean => {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isBindingElement(parent) && parent.propertyName === node) ||
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent) ||
    ts.isMetaProperty(parent) ||
    ts.isJsxAttribute(parent) ||
    ((ts.isJsxOpeningLikeElement(parent) || ts.isJsxClosingElement(parent)) && /^[a-z]/.test(node.text)) ||
    ((ts.isPropertyAssignment(parent) || ts.isClassElement(parent)) && parent.name === node)
  );
};

const isOfTypes = (node: ts.Node): boolean =>
  (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isTypeParameterDeclaration(node) ||
  ts.isModuleDeclaration(node);

/** Identifiers that are values, without those in types. */
const valuesBelow = (node: ts.Node): ts.Identifier[] => {
  if (isOfTypes(node)) return [];
  const values = ts.isIdentifier(node) ? [node] : [];
  ts.forEachChild(node, (child) => {
    values.push(...valuesBelow(child));
  });
  return values;
};

/** What stands after the dot or in the brackets behind a node, if something does. */
const memberOf = (inner: ts.Node): [name: string, node: ts.Node] | undefined => {
  const { parent: around } = inner;
  if (ts.isPropertyAccessExpression(around) && around.expression === inner) return [around.name.text, around];
  if (!ts.isElementAccessExpression(around) || around.expression !== inner) return undefined;
  const { argumentExpression: key } = around;
  return [ts.isStringLiteralLike(key) ? key.text : `[${lineOf(key)}]`, around];
};

/** What a name is: `globalThis.navigator.locks` is `navigator.locks`. */
const wholeNameOf = (name: string, node: ts.Node): string => {
  const member = WHOLES.has(name) || SHOWN.has(name) ? memberOf(node) : undefined;
  if (!member) return name;
  return WHOLES.has(name) ? wholeNameOf(...member) : `${name}.${member[0]}`;
};

/** Every name that a source takes from its platform, each once. */
export const outsideNamesOf = (text: string): string[] => {
  const source = parse(text);
  const declared = new Set(
    nodesOf(source)
      .filter(ts.isIdentifier)
      .filter(isDeclaring)
      .map((node) => node.text),
  );
  return [
    ...new Set(
      valuesBelow(source)
        .filter((node) => !isDeclaring(node) && !isOnlyName(node) && !declared.has(node.text))
        .map((node) => wholeNameOf(node.text, node)),
    ),
  ].sort();
};
