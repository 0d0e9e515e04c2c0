/** What tags of markup show: the texts between them, and the attributes that people read. */
import { piecesOf } from './comments.js';
import { isEnglish, isLabel } from './english.js';
import type { Piece, Said } from './passage.js';

const TAG = /<\/?([a-zA-Z][\w:-]*)(?:"[^"]*"|'[^']*'|[^>"'])*>/g;
const ATTRIBUTE =
  /\b(?:alt|title|label|summary|aria-(?:label|description|roledescription)|placeholder|content)=(?:"([^"]*)"|'([^']*)')/dg;
/** Tags that may be inside a sentence. */
const INLINE = /^(?:a|abbr|b|code|em|i|kbd|small|span|strong|var)$/;
/** Tags that hold a few words, and nothing but English. */
const LABEL = /^(?:button|caption|figcaption|h[1-6]|label|legend|summary|th|title)$/;

interface Run {
  readonly pieces: Piece[];
  readonly isShort: boolean;
}

const saidBy = (pieces: readonly Piece[], isShort: boolean): readonly Said[] =>
  isEnglish(pieces) || (isShort && isLabel(pieces)) ? [{ kind: 'message', pieces }] : [];

/** Texts between tags. A tag that is never inside a sentence ends one. */
export const textsIn = (text: string, start = 0): readonly Said[] => {
  const runs: Run[] = [{ pieces: [], isShort: false }];
  let at = 0;
  let isCode = false;
  const add = (end: number): void => {
    const part = text.slice(at, end);
    runs
      .at(-1)
      ?.pieces.push(...(isCode ? [{ text: part, start: start + at, isCode }] : piecesOf(part, start + at)));
  };
  for (const { 0: tag, 1: name = '', index } of text.matchAll(TAG)) {
    add(index);
    at = index + tag.length;
    const isOpening = !tag.startsWith('</');
    isCode = name === 'code' && isOpening;
    if (!INLINE.test(name)) runs.push({ pieces: [], isShort: isOpening && LABEL.test(name) });
  }
  add(text.length);
  return runs.flatMap(({ pieces, isShort }) => saidBy(pieces, isShort));
};

/** Attributes that people read. */
export const attributesIn = (text: string, start = 0): readonly Said[] =>
  [...text.matchAll(TAG)].flatMap(({ 0: tag, index }) =>
    [...tag.matchAll(ATTRIBUTE)].flatMap(({ 1: double, 2: single, indices }) => {
      const range = indices?.[1] ?? indices?.[2] ?? [0, 0];
      return saidBy(piecesOf(double ?? single ?? '', start + index + range[0]), false);
    }),
  );
