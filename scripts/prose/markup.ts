/** What markup says: HTML, SVG, and the components of Vue, Svelte and Astro, with the scripts and the styles inside them. */
import ts from 'typescript';
import { commentsIn, commentsOf } from './comments.js';
import { embeddedCommentsIn } from './embedded.js';
import { messagesIn } from './literals.js';
import type { Said } from './passage.js';
import { attributesIn, textsIn } from './tags.js';

/** A part that is read by rules of its own; `d` gives the places of its groups. */
const COMMENT = /<!--([\s\S]*?)-->/dg;
const SCRIPT = /<script\b(?:"[^"]*"|'[^']*'|[^>"'])*>([\s\S]*?)<\/script>|^---\n([\s\S]*?)\n---$/dgm;
const STYLE = /<style\b[^>]*>([\s\S]*?)<\/style>/dg;
const EXPRESSION = /\{\{?[^{}]*\}?\}/g;
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
  return [...commentsIn(source), ...embeddedCommentsIn(source), ...messagesIn(source)];
};

/** The comments of a style sheet. */
export const styleCommentsIn = (text: string): readonly Said[] =>
  [...text.matchAll(/\/\*[\s\S]*?\*\//g)].flatMap(({ 0: comment, index }) =>
    commentsOf('comment', comment, index),
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
