/** Texts in code that people read: messages, pages and help that a program shows. */
import ts from 'typescript';
import { piecesOf, splitBy } from './comments.js';
import { isEnglish, isProgram, shownBy } from './english.js';
import { partsOf } from './lines.js';
import { type Kind, type Piece, type Said, UNSEEN } from './passage.js';
import { attributesIn, textsIn } from './tags.js';

/** What is between an expression's quotation marks, without the marks. */
export const partOf = (node: ts.Node, source: ts.SourceFile, close = 1): readonly Piece[] => {
  const start = node.getStart(source) + 1;
  // A character that the code had to escape is read as itself; a filler keeps every other one in its place.
  const raw = source.text.slice(start, node.end - close);
  const read = raw.replaceAll(/\\[nrt]/g, `${UNSEEN}\n`).replaceAll(/\\(.)/g, `${UNSEEN}$1`);
  return piecesOf(read, start);
};

const isJoining = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;

/** The pieces of a string, and of strings that are joined by `+`. Any other value in it is read as code. */
export const textOf = (node: ts.Expression, source: ts.SourceFile): readonly Piece[] => {
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

export const isText = (node: ts.Node): node is ts.Expression =>
  ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || isJoining(node);

/** A tag, an attribute's placeholder or a value in braces, which a sentence may name. */
const NAMED_MARKUP = /<\/?[a-z!][^<>]*>|\{+[^{}]*\}+/gi;

/** A sentence with the markup that it names as code. */
const withMarkup = (pieces: readonly Piece[]): readonly Piece[] =>
  pieces.flatMap((piece) => (piece.isCode ? piece : splitBy(NAMED_MARKUP, piece.text, piece.start)));

/** A page or a part of one, in which values are code in back quotes, each at its place. */
const pageIn = (pieces: readonly Piece[]): readonly Said[] => {
  const first = pieces[0]?.start ?? 0;
  let page = '';
  for (const { text, start, isCode } of pieces) {
    page = page.padEnd(start - first);
    page += isCode ? `\`${'x'.repeat(Math.max(0, text.length - 2))}\`` : text;
  }
  return [...textsIn(page, first), ...attributesIn(page, first)];
};

/** Calls whose text is about something that went wrong. */
const IS_COMPLAINT = /(?:^|\.)(?:\w*Error|configuration|fault|warn|error|report|refuse)$/;

const calleeOf = (node: ts.Node): string =>
  ts.isCallExpression(node) || ts.isNewExpression(node) ? node.expression.getText() : '';

/** What one string says. */
const saidIn = (kind: Kind, pieces: readonly Piece[]): readonly Said[] => {
  const text = shownBy(pieces);
  if (/^\s*<[a-z!]/i.test(text)) return pageIn(pieces);
  if (isProgram(text)) return [];
  return partsOf(withMarkup(pieces))
    .filter(isEnglish)
    .map((part) => ({ kind, pieces: part }));
};

/** Texts that a program shows: every literal below a node that reads like English. */
export const messagesIn = (source: ts.SourceFile, root: ts.Node = source): readonly Said[] => {
  const found: Said[] = [];
  const visit = (node: ts.Node): void => {
    if (isText(node)) {
      const said = saidIn(
        IS_COMPLAINT.test(calleeOf(node.parent)) ? 'hint' : 'message',
        textOf(node, source),
      );
      found.push(...said);
      if (said.length) return;
    }
    if (ts.isJsxText(node)) {
      const pieces = piecesOf(node.text, node.pos);
      if (isEnglish(pieces)) found.push({ kind: 'message', pieces });
    }
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
};

/** Texts that a program writes to the console, for a source whose other texts are data. */
export const printedIn = (source: ts.SourceFile): readonly Said[] => {
  const found: Said[] = [];
  const visit = (node: ts.Node): void => {
    if (/^console\.|^process\.std(?:out|err)\.write$/.test(calleeOf(node)))
      found.push(...messagesIn(source, node));
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};
