/** Texts in code that people read: messages that a program shows, and titles of tests. */
import ts from 'typescript';
import { piecesOf, splitBy } from './comments.js';
import { type Piece, type Said, wordsOf } from './passage.js';

/** What is between an expression's quotation marks, without the marks. */
const partOf = (node: ts.Node, source: ts.SourceFile, close = 1): readonly Piece[] => {
  const start = node.getStart(source) + 1;
  // A character that the code had to escape is read as itself; a blank keeps every other one in its place.
  const raw = source.text.slice(start, node.end - close);
  return piecesOf(raw.replaceAll(/\\[nrt]/g, '  ').replaceAll(/\\(.)/g, ' $1'), start);
};

const isJoining = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;

/** The pieces of a string, and of strings that are joined by `+`. Any other value in it is read as code. */
const textOf = (node: ts.Expression, source: ts.SourceFile): readonly Piece[] => {
  if (ts.isStringLiteralLike(node)) return partOf(node, source);
  if (ts.isTemplateExpression(node))
    return [
      ...partOf(node.head, source, 2),
      ...node.templateSpans.flatMap(({ expression, literal }) => [
        { text: expression.getText(source), start: expression.getStart(source), isCode: true },
        ...partOf(literal, source, ts.isTemplateTail(literal) ? 1 : 2),
      ]),
    ];
  if (isJoining(node)) return [...textOf(node.left, source), ...textOf(node.right, source)];
  return [{ text: node.getText(source), start: node.getStart(source), isCode: true }];
};

const isText = (node: ts.Node): node is ts.Expression =>
  ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || isJoining(node);

/** A tag, an attribute's placeholder or a value in braces, which a sentence may name. */
const NAMED_MARKUP = /<\/?[a-z!][^<>]*>|\{+[^{}]*\}+/gi;

/** A sentence with the markup that it names as code. What begins with a tag is markup. */
const withMarkup = (pieces: readonly Piece[]): readonly Piece[] =>
  pieces[0]?.text.trimStart().startsWith('<')
    ? pieces
    : pieces.flatMap((piece) => (piece.isCode ? piece : splitBy(NAMED_MARKUP, piece.text, piece.start)));

/** Statements of SQL, style sheets, markup, paths and scripts are not English. */
const OTHER_LANGUAGE =
  /[{}<>]|\b(?:local \w+ =|declare const )|=>|::|;\s*$|\b(?:SELECT|INSERT|UPDATE|DELETE|CREATE|WHERE|FROM|BEGIN|EXISTS)\b|-(?:src|uri|for|ancestors) '|[#.][a-z-]+ [#.][a-z-]+|\bvar\(|\d(?:px|rem|em)\b/;

/** Whether a person would read this as English: at least four plain words. */
export const isEnglish = (pieces: readonly Piece[]): boolean => {
  const text = pieces.map((piece) => (piece.isCode ? 'x' : piece.text)).join('');
  if (OTHER_LANGUAGE.test(text)) return false;
  const words = wordsOf(text);
  const plain = words.filter((word) => /^[("“‘'*]*[A-Za-z][a-z’'-]*[)”’'*]*[.,;:!?…]*$/.test(word));
  return plain.length >= 4 && plain.length >= words.length * 0.7;
};

/** Calls whose text is about something that went wrong. */
const IS_COMPLAINT = /(?:^|\.)(?:\w*Error|configuration|fault|warn|error|report|refuse)$/;

const calleeOf = (node: ts.Node): string =>
  ts.isCallExpression(node) || ts.isNewExpression(node) ? node.expression.getText() : '';

/** Texts that a program shows: every literal that reads like English. */
export const messagesIn = (source: ts.SourceFile): readonly Said[] => {
  const found: Said[] = [];
  const visit = (node: ts.Node): void => {
    if (isText(node)) {
      const pieces = withMarkup(textOf(node, source));
      if (isEnglish(pieces)) {
        found.push({ kind: IS_COMPLAINT.test(calleeOf(node.parent)) ? 'hint' : 'message', pieces });
        return;
      }
    }
    if (ts.isJsxText(node)) {
      const pieces = piecesOf(node.text, node.pos);
      if (isEnglish(pieces)) found.push({ kind: 'message', pieces });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

/** The name that a call begins with, such as `test` of `test.skip(…)` and of `test.each(…)(…)`, and all names in it. */
const namesOf = (call: ts.CallExpression): readonly string[] => {
  const names: string[] = [];
  let named: ts.Expression = call.expression;
  for (;;) {
    if (ts.isIdentifier(named)) return [named.text, ...names];
    if (ts.isPropertyAccessExpression(named)) names.unshift(named.name.text);
    if (ts.isPropertyAccessExpression(named) || ts.isCallExpression(named)) named = named.expression;
    else if (ts.isTaggedTemplateExpression(named)) named = named.tag;
    else return names;
  }
};

const isFunction = (node: ts.Node | undefined): boolean =>
  node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));

/**
 * Whether a call is a test or a group, under any name: a title, and a function at the end. A group's title is the
 * heading of its sentences.
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
      if (kind && title && isText(title) && isFunction(node.arguments.at(-1)))
        found.push({ kind, pieces: textOf(title, source) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};
