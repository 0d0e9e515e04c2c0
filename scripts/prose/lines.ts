/** Takes apart what a program prints: each column of each line is read by itself, unless a line continues it. */
import type { Piece } from './passage.js';

/** A line's end with the next line's indentation, or the gap before a column. */
const GAP = /\n[ \t]*|[ \t]{2,}/g;

/** A line that was wrapped is about so long. */
const WRAPPED = 60;

/** Columns and lines, each with its pieces. A line that is indented as far as a column continues it. */
export const partsOf = (pieces: readonly Piece[]): readonly (readonly Piece[])[] => {
  const parts: Piece[][] = [[]];
  /** Where the part and where we are in the line. */
  let [began, column] = [0, 0];

  const add = (piece: Piece): void => {
    if (piece.text) parts.at(-1)?.push(piece);
    column += piece.text.length;
  };

  const pass = (gap: string, next: string): void => {
    const isLine = gap.startsWith('\n');
    const indent = isLine ? gap.length - 1 : column + gap.length;
    const isWrapped = indent > 0 || column >= WRAPPED;
    if (!(isLine && isWrapped && indent >= began && /^[a-z(]/.test(next))) {
      parts.push([]);
      began = indent;
    }
    column = indent;
  };

  for (const piece of pieces) {
    if (piece.isCode) {
      add(piece);
      continue;
    }
    let at = 0;
    for (const { 0: gap, index } of piece.text.matchAll(GAP)) {
      add({ ...piece, text: piece.text.slice(at, index), start: piece.start + at });
      at = index + gap.length;
      pass(gap, piece.text.slice(at, at + 1));
      // Words of two lines must not grow together.
      if (parts.at(-1)?.length) parts.at(-1)?.push({ text: ' ', start: piece.start + at, isCode: false });
    }
    add({ ...piece, text: piece.text.slice(at), start: piece.start + at });
  }
  return parts.filter((part) => part.length > 0);
};
