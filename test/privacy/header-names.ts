/** The headers that a source reads and sends, and where it hands all headers on without naming one. */
import ts from 'typescript';
import { lineOf, nameOf, nodesOf, parse } from './sources.js';

/** What a source does with headers. A name that is computed is in parentheses. */
export interface HeaderUses {
  readonly read: readonly string[];
  readonly sent: readonly string[];
  /** The places at which something else happens to them, such as that a function gets them all. */
  readonly passed: readonly string[];
}

const HEADERS = /(?:headers|headersDistinct|trailers)$/i;
const isHeaders = (node: ts.Node): boolean => HEADERS.test(node.getText());
/** What makes an answer of its last argument, or sets what its first one names. */
const ANSWERING = /^(?:problem|rejected|show|seeOther|\w+\.writeHead)$/;
const SETTING = /\.(?:setHeader|appendHeader|removeHeader)$/;
/** Methods of lists that have headers as pairs. */
const OF_LISTS = new Set(['append', 'filter', 'length', 'toLowerCase']);

const writtenName = (node: ts.Node | undefined): string => {
  if (!node) return '()';
  return ts.isStringLiteralLike(node) ? node.text : `(${lineOf(node)})`;
};

/** The keys of an object with headers. Other objects that it repeats are headers themselves. */
const keysOf = (node: ts.Expression): string[] => {
  if (ts.isConditionalExpression(node)) return [...keysOf(node.whenTrue), ...keysOf(node.whenFalse)];
  if (ts.isAsExpression(node)) return keysOf(node.expression);
  if (!ts.isObjectLiteralExpression(node)) return [];
  return node.properties.flatMap((property) => {
    if (!ts.isSpreadAssignment(property)) return nameOf(property.name ?? property).toLowerCase();
    return isHeaders(property.expression) || property.expression.getText() === 'constants'
      ? []
      : `(${lineOf(property.expression)})`;
  });
};

const sentBy = (node: ts.Node): string[] => {
  if (ts.isCallExpression(node) && SETTING.test(node.expression.getText()))
    return [writtenName(node.arguments[0])];
  if (ts.isCallExpression(node) && ANSWERING.test(node.expression.getText()))
    return node.arguments.slice(1).flatMap(keysOf);
  const hasName = ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node);
  return hasName && isHeaders(node.name) && node.initializer ? keysOf(node.initializer) : [];
};

/** What is read of headers at this node, or undefined if something else happens to them. */
const readAt = (node: ts.Node): string[] | undefined => {
  const { parent } = node;
  if (ts.isElementAccessExpression(parent) && parent.expression === node)
    return [writtenName(parent.argumentExpression)];
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InKeyword)
    return [writtenName(parent.left)];
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== node) return undefined;
  const { text: member } = parent.name;
  if (OF_LISTS.has(member)) return undefined;
  const isAsked = ['get', 'has'].includes(member) && ts.isCallExpression(parent.parent);
  return isAsked ? [writtenName(parent.parent.arguments[0])] : [member];
};

/** Whether a node is a value that has headers, and not the name of a type, a property or a parameter. */
const isValue = (node: ts.Node): boolean => {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(node)) return HEADERS.test(node.name.text);
  if (ts.isElementAccessExpression(node)) return HEADERS.test(writtenName(node.argumentExpression));
  if (!ts.isIdentifier(node) || !isHeaders(node)) return false;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeNode(parent) || ts.isPropertySignature(parent) || ts.isTypeElement(parent)) return false;
  return !('name' in parent && parent.name === node && !ts.isShorthandPropertyAssignment(parent));
};

/** What a source does with headers. */
export const headerUsesOf = (text: string): HeaderUses => {
  const nodes = nodesOf(parse(text));
  const values = nodes.filter(isValue);
  const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();
  return {
    read: unique(values.flatMap((node) => readAt(node) ?? [])),
    sent: unique(nodes.flatMap(sentBy)),
    passed: unique(
      values
        .filter((node) => readAt(node) === undefined && !ts.isSpreadAssignment(node.parent))
        .map(({ parent }) => lineOf(parent)),
    ),
  };
};
