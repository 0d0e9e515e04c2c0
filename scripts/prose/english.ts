/** Tells English from programs, paths and values, since a string may hold any of them. */
import { type Piece, wordsOf } from './passage.js';

/** The text of pieces, with a letter in the place of code. */
export const shownBy = (pieces: readonly Piece[]): string =>
  pieces.map((piece) => (piece.isCode ? 'x' : piece.text)).join('');

/** Programs in Lua, JavaScript and CSS, and statements of SQL. Some of their lines look like English. */
const PROGRAM =
  /\blocal (?:function )?\w+(?:, \w+)*(?: =|\()|\bcall\('|\bthen\b[^.]*\bend\b|\bdeclare const \w|^\s*(?:import|export|const|let|function|return|await)\b.*[;{(]$|[{;]\s*[\w-]+: ?[^;{}]*;|\b(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER) [A-Z*]|\b(?:SELECT|FROM|WHERE|SET) \w+[\s\S]*\b(?:FROM|WHERE|SET|AND)\b/m;

/** Whether a string is a program, whose comments only are English. */
export const isProgram = (text: string): boolean => PROGRAM.test(text);

/** Signs of a style sheet, a path, a policy, a selector or a script in one line. */
const OTHER_LANGUAGE =
  /=>|::|[;{}]\s*$|\b(?:SELECT|INSERT|UPDATE|DELETE|CREATE|WHERE|FROM|BEGIN|EXISTS)\b|-(?:src|uri|for|ancestors) '|[#.][a-z-]+ [#.][a-z-]+|\bvar\(|\d(?:px|rem|em)\b/;

const PLAIN_WORD = /^[("“‘'*]*[A-Za-z][a-z’'-]*[)”’'*]*[.,;:!?…]*$/;

const areWords = (pieces: readonly Piece[], least: number): boolean => {
  const text = shownBy(pieces);
  if (OTHER_LANGUAGE.test(text)) return false;
  const words = wordsOf(text);
  const plain = words.filter((word) => PLAIN_WORD.test(word));
  return plain.length >= least && plain.length >= words.length * 0.7;
};

/** Whether a person would read this as English: at least four plain words. */
export const isEnglish = (pieces: readonly Piece[]): boolean => areWords(pieces, 4);

/** Whether this is English where nothing else is expected, such as in a heading. One word is enough there. */
export const isLabel = (pieces: readonly Piece[]): boolean => areWords(pieces, 1);
