/** The titles of tests and of their groups. */
import ts from 'typescript';
import { isText, textOf } from './literals.js';
import type { Said } from './passage.js';

/** The name that a call begins with, such as `test` of `test.skip(…)` and of `test.each(…)(…)`, and all names in it. A method of a value begins with nothing. */
const namesOf = (call: ts.CallExpression): readonly string[] => {
  const names: string[] = [];
  let named: ts.Expression = call.expression;
  for (;;) {
    if (ts.isIdentifier(named)) return [named.text, ...names];
    if (ts.isPropertyAccessExpression(named)) names.unshift(named.name.text);
    if (ts.isPropertyAccessExpression(named) || ts.isCallExpression(named)) named = named.expression;
    else if (ts.isTaggedTemplateExpression(named)) named = named.tag;
    else return ['', ...names];
  }
};

const isFunction = (node: ts.Node): boolean => ts.isArrowFunction(node) || ts.isFunctionExpression(node);

/** Names that only tests and groups have: what follows the title may be anything, or missing, as in `it.todo`. */
const PLAIN = /^(?:it|test|describe)$/;

/**
 * Whether a call is a test or a group, under any name: a title, and a function anywhere behind it. A group's title is
 * the heading of its sentences.
 */
const titleKindOf = (call: ts.CallExpression): 'title' | 'heading' | undefined => {
  const names = namesOf(call);
  if (names.includes('describe')) return 'heading';
  if (names.some((name) => /^(?:step|use|extend)$/.test(name))) return undefined;
  return /^(?:it|test)(?:[A-Z]|$)|Test$/.test(names[0] ?? '') ? 'title' : undefined;
};

/** The titles of tests. */
export const titlesIn = (source: ts.SourceFile): readonly Said[] => {
  const found: Said[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const [title] = node.arguments;
      const kind = titleKindOf(node);
      const isTest = PLAIN.test(namesOf(node)[0] ?? '') || node.arguments.some(isFunction);
      if (kind && title && isText(title) && isTest) found.push({ kind, pieces: textOf(title, source) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};
