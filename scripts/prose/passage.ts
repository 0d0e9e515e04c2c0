/** What rules read: one paragraph, comment, message or title as plain text, and the place of each character in the file. */

/** Rules may treat these differently. A `cell` or a `heading` need not be a whole sentence; a `hint` says what to do about an error. */
export type Kind = 'document' | 'cell' | 'heading' | 'docstring' | 'comment' | 'message' | 'hint' | 'title';

/** A part of a passage. Code has no words of English, so rules see one placeholder instead of it. */
export interface Piece {
  readonly text: string;
  /** Offset in the file. */
  readonly start: number;
  readonly isCode: boolean;
}

/** What a file says at one place. */
export interface Said {
  readonly kind: Kind;
  readonly pieces: readonly Piece[];
}

/** One paragraph, comment, message or title. */
export interface Passage {
  readonly kind: Kind;
  readonly text: string;
  /** Maps an index in `text` to an offset in the file. */
  offsetOf(index: number): number;
}

/** One sentence of a passage. */
export interface Sentence {
  readonly text: string;
  readonly index: number;
}

/** Stands for code. A rule reads it as a name. */
export const CODE = 'Code_';

/** Fills the place of a character that only the code has, such as the mark of an escape. No rule sees it. */
export const UNSEEN = '\u2060';

/** Joins pieces; white space becomes one space, so that patterns do not have to know about line breaks. */
export const passageOf = (kind: Kind, pieces: readonly Piece[]): Passage => {
  let text = '';
  const offsets: number[] = [];
  for (const { text: raw, start, isCode } of pieces) {
    const shown = isCode ? CODE : raw;
    for (let at = 0; at < shown.length; at++) {
      const isSpace = /\s/.test(shown.charAt(at));
      if (shown.charAt(at) === UNSEEN || (isSpace && text.endsWith(' '))) continue;
      text += isSpace ? ' ' : shown.charAt(at);
      offsets.push(start + (isCode ? 0 : at));
    }
  }
  return { kind, text, offsetOf: (index) => offsets[index] ?? offsets.at(-1) ?? 0 };
};

/**
 * A sentence ends at a full stop before a capital, a digit, code or a quotation mark, and never at `e.g.` or `i.e.` A raised
 * dot separates parts.
 */
const SENTENCE_END = /(?<!\b(?:e\.g|i\.e|vs|No|St))[.!?][)”"’]* +(?=[A-Z\d“"‘(…*_[])| · /g;

/** The sentences of a passage. */
export const sentencesOf = ({ text }: Pick<Passage, 'text'>): readonly Sentence[] => {
  const sentences: Sentence[] = [];
  let index = 0;
  for (const match of text.matchAll(SENTENCE_END)) {
    const end = match.index + match[0].length;
    sentences.push({ text: text.slice(index, end).trimEnd(), index });
    index = end;
  }
  const rest = text.slice(index).trimEnd();
  return rest ? [...sentences, { text: rest, index }] : sentences;
};

/** Everything between spaces that has a letter. */
export const wordsOf = (text: string): readonly string[] =>
  text.split(/\s+/).filter((word) => /\p{L}/u.test(word));
