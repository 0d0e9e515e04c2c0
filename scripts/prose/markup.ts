/** What markup says: HTML, SVG, and the components of Vue, Svelte and Astro, with the scripts and the styles inside them. */
import ts from 'typescript';
import { commentsIn, commentsOf, piecesOf } from './comments.js';
import { isEnglish, messagesIn } from './literals.js';
import type { Kind, Piece, Said } from './passage.js';

/** A part that is read by rules of its own; `d` gives the places of its groups. */
const COMMENT = /<!--([\s\S]*?)-->/dg;
const SCRIPT = /<script\b(?:"[^"]*"|'[^']*'|[^>"'])*>([\s\S]*?)<\/script>|^---\n([\s\S]*?)\n---$/dgm;
const STYLE = /<style\b[^>]*>([\s\S]*?)<\/style>/dg;
const TAG = /<\/?([a-zA-Z][\w:-]*)(?:"[^"]*"|'[^']*'|[^>"'])*>/g;
const ATTRIBUTE = /\b(?:alt|title|aria-label|placeholder|content)="([^"]*)"/dg;
const EXPRESSION = /\{\{?[^{}]*\}?\}/g;
/** Tags that may be inside a sentence. */
const INLINE = /^(?:a|abbr|b|code|em|i|kbd|small|span|strong|var)$/;

const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');

/** The text with nothing left but what a pattern's groups hold, each at its place. */
const only = (text: string, pattern: RegExp): string => {
  let kept = blank(text);
  for (const { indices } of text.matchAll(pattern))
    for (const range of indices?.slice(1) ?? [])
      if (range) kept = kept.slice(0, range[0]) + text.slice(...range) + kept.slice(range[1]);
  return kept;
};

/** The text without what a pattern finds, everything else at its place. */
const without = (text: string, pattern: RegExp): string => text.replaceAll(pattern, blank);

const scriptsIn = (text: string): readonly Said[] => {
  const source = ts.createSourceFile('script.tsx', only(text, SCRIPT), ts.ScriptTarget.Latest, true);
  return [...commentsIn(source), ...messagesIn(source)];
};

/** The comments of a style sheet. */
export const styleCommentsIn = (text: string): readonly Said[] =>
  [...text.matchAll(/\/\*[\s\S]*?\*\//g)].flatMap(({ 0: comment, index }) =>
    commentsOf('comment', comment, index),
  );

const messageOf = (kind: Kind, pieces: readonly Piece[]): readonly Said[] =>
  isEnglish(pieces) ? [{ kind, pieces }] : [];

/** Texts between tags. A tag that is never inside a sentence ends one. */
const textsIn = (text: string): readonly Said[] => {
  const runs: Piece[][] = [[]];
  let at = 0;
  let isCode = false;
  const add = (end: number): void => {
    const part = text.slice(at, end);
    runs.at(-1)?.push(...(isCode ? [{ text: part, start: at, isCode }] : piecesOf(part, at)));
  };
  for (const { 0: tag, 1: name = '', index } of text.matchAll(TAG)) {
    add(index);
    at = index + tag.length;
    isCode = name === 'code' && !tag.startsWith('</');
    if (!INLINE.test(name)) runs.push([]);
  }
  add(text.length);
  return runs.flatMap((pieces) => messageOf('message', pieces));
};

const attributesIn = (text: string): readonly Said[] =>
  [...text.matchAll(TAG)].flatMap(({ 0: tag, index }) =>
    [...tag.matchAll(ATTRIBUTE)].flatMap(({ 1: said = '', indices }) =>
      messageOf('message', piecesOf(said, index + (indices?.[1]?.[0] ?? 0))),
    ),
  );

/** Everything that markup says in English. */
export const markupIn = (text: string): readonly Said[] => {
  const bare = without(without(without(text, SCRIPT), STYLE), COMMENT);
  return [
    ...[...text.matchAll(COMMENT)].flatMap(({ 0: comment, index }) => commentsOf('comment', comment, index)),
    ...scriptsIn(without(text, COMMENT)),
    ...styleCommentsIn(only(text, STYLE)),
    ...textsIn(without(bare, EXPRESSION)),
    ...attributesIn(bare),
  ];
};
