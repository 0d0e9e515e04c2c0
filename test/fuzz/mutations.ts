/** Changes requests in the ways in which parsers are known to go wrong. Texts are Latin-1: a character is a byte. */
import type { Chance } from '../simulation/chance.js';

/** What parsers and validators trip over. */
const TOKENS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  '\x0b',
  ':',
  ',',
  ';',
  '\r\n\r\n',
  '0\r\n\r\n',
  '\xff',
  '\xc0\xaf',
  '\xed\xa0\x80',
  '"',
  '\\',
  '\\u0000',
  '{',
  '}',
  '[',
  ']',
  '1e999',
  'null',
  'NaN',
  '__proto__',
  'chunked',
  'gzip',
  'same-origin',
  'cross-site',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Content-Encoding: br\r\n',
  'Connection: keep-alive\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  '%00',
  '-1',
  '99999999999999999999',
];

type Mutation = (text: string, chance: Chance, corpus: readonly string[]) => string;

const cut = (text: string, chance: Chance): [from: number, to: number] => {
  const from = chance.whole(0, text.length);
  return [from, Math.min(text.length, from + chance.whole(1, 40))];
};

const flip: Mutation = (text, chance) => {
  const bytes = Buffer.from(text, 'latin1');
  for (let left = chance.whole(1, 5); left > 0 && bytes.length; left--) {
    const at = chance.whole(0, bytes.length - 1);
    bytes[at] = chance.is(0.5) ? chance.whole(0, 255) : (bytes[at] ?? 0) ^ (1 << chance.whole(0, 7));
  }
  return bytes.toString('latin1');
};

const truncate: Mutation = (text, chance) => text.slice(0, chance.whole(0, text.length));

const behead: Mutation = (text, chance) => text.slice(chance.whole(0, Math.min(60, text.length)));

const remove: Mutation = (text, chance) => {
  const [from, to] = cut(text, chance);
  return text.slice(0, from) + text.slice(to);
};

const repeat: Mutation = (text, chance) => {
  const [from, to] = cut(text, chance);
  return text.slice(0, to) + text.slice(from, to).repeat(chance.whole(1, 20)) + text.slice(to);
};

const insert: Mutation = (text, chance) => {
  const at = chance.whole(0, text.length);
  return text.slice(0, at) + chance.one(TOKENS) + text.slice(at);
};

const splice: Mutation = (text, chance, corpus) => {
  const other = chance.one(corpus);
  return text.slice(0, chance.whole(0, text.length)) + other.slice(chance.whole(0, other.length));
};

const follow: Mutation = (text, chance, corpus) => text + chance.one(corpus);

/** Head and body of one or another, so that every head meets every body. */
const marry: Mutation = (text, chance, corpus) =>
  `${text.split('\r\n\r\n', 1)[0]}\r\n\r\n${chance.one(corpus).split('\r\n\r\n').slice(1).join('\r\n\r\n')}`;

const shuffle: Mutation = (text, chance) => {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...headers] = head.split('\r\n');
  for (let at = headers.length - 1; at > 0; at--) {
    const other = chance.whole(0, at);
    [headers[at], headers[other]] = [headers[other] ?? '', headers[at] ?? ''];
  }
  if (chance.is(0.3)) headers.push(headers[0] ?? '');
  if (chance.is(0.3)) headers.shift();
  return [[line, ...headers].join('\r\n'), ...rest].join('\r\n\r\n');
};

const recase: Mutation = (text, chance) =>
  text.replace(/[a-z]/gi, (letter) =>
    chance.is(0.1) ? (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()) : letter,
  );

const noise: Mutation = (_, chance) =>
  String.fromCharCode(...Array.from({ length: chance.whole(1, 400) }, () => chance.whole(0, 255)));

const MUTATIONS: readonly Mutation[] = [
  flip,
  flip,
  truncate,
  behead,
  remove,
  repeat,
  insert,
  insert,
  splice,
  follow,
  marry,
  shuffle,
  recase,
  noise,
];

/** Makes the length true again, so that what changed in the body is read by more than Node's parser. */
const mend = (text: string): string => {
  const end = text.indexOf('\r\n\r\n');
  return end < 0
    ? text
    : text.replace(/(content-length:) *\d+/i, (_, name: string) => `${name} ${text.length - end - 4}`);
};

/** One of the corpus with one to three changes, or, sometimes, as it is. */
export const mutate = (corpus: readonly string[], chance: Chance): string => {
  let text = chance.one(corpus);
  for (let left = chance.whole(0, 3); left > 0; left--) text = chance.one(MUTATIONS)(text, chance, corpus);
  return chance.is(0.6) ? mend(text) : text;
};
