/** The comments of a source, of a style sheet, of markup and of a file with `#`. A docstring's tag `@example` holds code, so it is left out. */
import ts from 'typescript';
import type { Kind, Piece, Said } from './passage.js';

/** Comments for tools. */
const DIRECTIVE = /^\/\/\/|^\/[/*]\s*(?:@ts-|oxlint|v8 ignore|c8 ignore|#__PURE__|@__PURE__|<reference)/;
const TAG_OF_CODE = /^@(?:example|type|typedef|import)\b/;
/** A type in JavaScript's comments may hold objects. It is in front of the name of a parameter or a property. */
const OBJECT = String.raw`\{(?:[^{}]|\{[^{}]*\})*\}`;
const TYPE = String.raw`\{(?!@)(?:[^{}]|${OBJECT})*\}`;
const TAG = String.raw`@(?:param|property) (?:${TYPE} )?\S+(?: -)? ?|@\w+(?: ${TYPE})? ?`;
/** What is in front of the words of a paragraph. */
const MARK = new RegExp(String.raw`^(?:[-*•] |\d+\. |${TAG})`);

interface Line {
  readonly text: string;
  readonly start: number;
}

/** Literals may hold what looks like a comment. */
const literalRanges = (source: ts.SourceFile): ReadonlyMap<number, number> => {
  const ranges = new Map<number, number>();
  const visit = (node: ts.Node): void => {
    if (ts.isLiteralExpression(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      ranges.set(node.getStart(source), node.end);
    else if (ts.isJsxText(node)) ranges.set(node.pos, node.end);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return ranges;
};

const commentRanges = (source: ts.SourceFile): readonly (readonly [start: number, end: number])[] => {
  const { text } = source;
  const literals = literalRanges(source);
  const found: (readonly [number, number])[] = [];
  let at = text.startsWith('#!') ? text.indexOf('\n') : 0;
  while (at < text.length) {
    const end = literals.get(at);
    if (end !== undefined && end > at) {
      at = end;
      continue;
    }
    if (text.startsWith('//', at) || text.startsWith('/*', at)) {
      const isLine = text[at + 1] === '/';
      const close = isLine ? text.indexOf('\n', at) : text.indexOf('*/', at) + 2;
      const stop = close < 2 ? text.length : close;
      found.push([at, stop]);
      at = stop;
      continue;
    }
    at++;
  }
  return found;
};

/** A rule that is switched off, in front of the reason for it. */
const SWITCH = /biome-ignore [\w/-]+: ?/;

/** The lines of one comment without what marks it. */
const linesOf = (text: string, start: number): readonly Line[] => {
  const isLine = /^(?:\/\/|#|--)/.test(text);
  const body = text.replace(/\*\/$|-->$/, '').replace(SWITCH, (found) => ' '.repeat(found.length));
  let offset = start;
  return body.split('\n').map((raw, index) => {
    const mark =
      (isLine ? /^(?:\/\/+|#+|--+) ?/ : index === 0 ? /^(?:\/\*+|<!--) ?/ : /^\s*\*? ?/).exec(raw)?.[0]
        .length ?? 0;
    const line = { text: raw.slice(mark), start: offset + mark };
    offset += raw.length + 1;
    return line;
  });
};

/** Code in back quotes, links of TypeDoc and addresses are code. */
const CODE_IN_TEXT = /`[^`]*`|\{@\w+ [^}]*\}|\bhttps?:\/\/[^\s)]+/g;

/** The pieces of a string, in which what matches is code. */
export const splitBy = (code: RegExp, text: string, start: number): readonly Piece[] => {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(code)) {
    pieces.push({ text: text.slice(at, match.index), start: start + at, isCode: false });
    pieces.push({ text: match[0], start: start + match.index, isCode: true });
    at = match.index + match[0].length;
  }
  return [...pieces, { text: text.slice(at), start: start + at, isCode: false }].filter(
    (piece) => piece.isCode || piece.text !== '',
  );
};

/** Text and code of one line. */
export const piecesOf = (text: string, start: number): readonly Piece[] => splitBy(CODE_IN_TEXT, text, start);

/** Paragraphs: an empty line, a list's mark or a tag begins another one. */
const paragraphsOf = (lines: readonly Line[]): readonly (readonly Line[])[] => {
  const paragraphs: Line[][] = [[]];
  let isSkipped = false;
  for (const line of lines) {
    const trimmed = line.text.trim();
    if (trimmed === '' || /^(?:[-*•] |\d+\. |@\w)/.test(trimmed)) {
      paragraphs.push([]);
      isSkipped = TAG_OF_CODE.test(trimmed) || (isSkipped && trimmed === '');
    }
    // A row of a table is not a sentence.
    if (trimmed === '' || isSkipped || trimmed.startsWith('|')) continue;
    const mark = MARK.exec(trimmed)?.[0].length ?? 0;
    const indent = line.text.length - line.text.trimStart().length + mark;
    paragraphs.at(-1)?.push({ text: line.text.slice(indent), start: line.start + indent });
  }
  return paragraphs.filter((each) => each.length > 0);
};

const isCommentedCode = (lines: readonly Line[]): boolean =>
  lines.every(({ text }) => /[;{}]\s*$|=>/.test(text));

/** What the lines of one comment say. */
const saidOf = (kind: Kind, lines: readonly Line[]): readonly Said[] =>
  paragraphsOf(lines)
    .filter((paragraph) => !isCommentedCode(paragraph))
    .map((paragraph) => ({
      kind,
      pieces: paragraph.flatMap(({ text: line, start }, index) => [
        ...(index ? [{ text: ' ', start, isCode: false }] : []),
        ...piecesOf(line, start),
      ]),
    }));

/** What one comment says. */
export const commentsOf = (kind: Kind, comment: string, start: number): readonly Said[] =>
  DIRECTIVE.test(comment) ? [] : saidOf(kind, linesOf(comment, start));

/** What comments say that end with their line, by the pattern of such a comment; those below each other are one. */
export const markedCommentsIn = (pattern: RegExp, text: string, start = 0): readonly Said[] => {
  const groups: { lines: Line[]; end: number }[] = [];
  for (const { 0: comment, index } of text.matchAll(pattern)) {
    const before = groups.at(-1);
    const isNext = before && /^\n[ \t]*$/.test(text.slice(before.end, index));
    const group = isNext ? before : { lines: [], end: 0 };
    group.lines.push(...linesOf(comment, start + index));
    group.end = index + comment.length;
    if (!isNext) groups.push(group);
  }
  return groups.flatMap(({ lines }) => saidOf('comment', lines));
};

/** What comments say that begin with `#`, as in YAML and in a shell's scripts. */
export const hashCommentsIn = (text: string): readonly Said[] => markedCommentsIn(/(?<=^|\s)#+ .*$/gm, text);

/** Everything that a source's comments say; line comments below each other are one. */
export const commentsIn = (source: ts.SourceFile): readonly Said[] => {
  const { text } = source;
  const groups: { kind: Kind; lines: Line[]; end: number }[] = [];
  for (const [start, end] of commentRanges(source)) {
    const comment = text.slice(start, end);
    if (DIRECTIVE.test(comment)) continue;
    const before = groups.at(-1);
    const isLine = comment.startsWith('//');
    const isNext = isLine && before?.kind === 'comment' && /^\n[ \t]*$/.test(text.slice(before.end, start));
    if (before && isNext) {
      before.lines.push(...linesOf(comment, start));
      before.end = end;
    } else {
      const kind = comment.startsWith('/**') ? 'docstring' : 'comment';
      groups.push({ kind, lines: [...linesOf(comment, start)], end });
    }
  }
  return groups.flatMap(({ kind, lines }) => saidOf(kind, lines));
};
