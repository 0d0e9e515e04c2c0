/** Reads changes of the documents: their lines, and the code that they leave. */
import { extname } from 'node:path';
import { type Block, type Script, scriptsIn } from './block.js';
import { misread, unbalancedTags } from './html.js';
import { faultsOfScript } from './script.js';
import { faultsOfNginx } from './server.js';

/** A line of a change is added, removed, or stays; lines with its places and files may be left out. */
const LINE = /^(?:[+ -]|@@ |diff |index |$)/;

/** In a change, this means lines that the reader's file has in this place. */
const isGap = (line: string): boolean => line.trim() === '…';

const without = (sign: string, lines: readonly string[]): string =>
  lines
    .filter((line) => !line.startsWith(sign) && !isGap(line))
    .map((line) => line.slice(1))
    .join('\n');

const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** The brackets that a part of a file opens and leaves open, and those that it closes without opening them. */
const openIn = (text: string): { readonly left: string[]; readonly extra: string[] } => {
  const left: string[] = [];
  const extra: string[] = [];
  for (const [sign] of text.matchAll(/[()[\]{}]/g)) {
    if (sign in CLOSING) left.push(sign);
    else if (left.at(-1) === PAIRS[sign]) left.pop();
    else extra.push(sign);
  }
  return { left, extra };
};

/** What begins with a tag can be inside an element. Any other words would be text there. */
const inElement = (text: string): string => `(<>\n${text}\n</>);`;

/** A part of a script is code in one of these places. */
const PLACES: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `({\n${text}\n});`,
  (text) => `class Part {\n${text}\n}`,
  (text) => `({\n${text},\n});`,
  (text) => `[\n${text}\n];`,
];

/** A brace that a part closes began an object or a function. */
const OPENINGS: readonly ((sign: string) => string)[] = [
  (sign) => sign,
  (sign) => (sign === '{' ? '() => {' : sign),
];

/** JSX has elements without a name. */
const named = (text: string): string => text.replaceAll('<>', '<Part>').replaceAll('</>', '</Part>');

/** What a part of a file needs before and after it, so that nothing in it is open. */
const completed = (part: string, openingOf: (sign: string) => string): string => {
  const text = named(part);
  const { left, extra } = openIn(text);
  const tags = unbalancedTags(text);
  const [ends, begun] = [
    tags.filter((tag) => tag.startsWith('/')),
    tags.filter((tag) => !tag.startsWith('/')),
  ];
  return [
    ...extra.toReversed().map((sign) => openingOf(PAIRS[sign] ?? '')),
    ...ends.toReversed().map((tag) => `<${tag.slice(1)}>`),
    text,
    ...begun.toReversed().map((tag) => `</${tag}>`),
    // A template that begins here ends in a line that is not shown.
    ...((text.match(/`/g)?.length ?? 0) % 2 ? ['`'] : []),
    ...left.toReversed().map((sign) => CLOSING[sign] ?? ''),
  ].join('\n');
};

const isScript = (text: string, language: Script['language']): boolean =>
  OPENINGS.some((openingOf) =>
    [...PLACES, ...(/^\s*[<{]/.test(text) ? [inElement] : [])].some(
      (place) => !faultsOfScript({ language, text: place(completed(text, openingOf)), line: 0 }).length,
    ),
  );

/** A script may have markup in a template. */
const isMarkup = (text: string): boolean => text.trim().startsWith('<') && !misread(text).length;

const SCRIPTS: Readonly<Record<string, Script['language']>> = {
  '.js': 'jsx',
  '.mjs': 'jsx',
  '.jsx': 'jsx',
  '.ts': 'tsx',
  '.tsx': 'tsx',
  '.json': 'jsx',
};

/** Components have elements that end in their beginning and expressions as attributes, and a part may begin a script. */
const IN_PARTS = new RegExp(
  `^(?:${[
    'missing-doctype',
    'non-void-html-element-start-tag-with-trailing-solidus',
    'unexpected-equals-sign-before-attribute-name',
    'unexpected-character-in-(?:attribute-name|unquoted-attribute-value)',
    'eof-in-element-that-can-contain-only-text',
  ].join('|')})$`,
);

/** A part of a page, with the scripts that begin in it. */
const isPage = (text: string): boolean =>
  // Without a tag it is a part of a script.
  text.includes('<') &&
  !misread(text, IN_PARTS).length &&
  scriptsIn({ language: 'html', name: '', text }).every((script) => !faultsOfScript(script).length);

/** Whether the code that a change leaves can be a part of such a file. */
const isPart = (name: string, before: string, after: string, hunks: readonly string[]): boolean => {
  const extension = extname(name);
  // What is open between two lines of the file is the same before and after.
  if (JSON.stringify(openIn(before)) !== JSON.stringify(openIn(after))) return false;
  const [tagsBefore, tagsAfter] = [before, after].map((text) => String(unbalancedTags(named(text))));
  if (/^\.(?:vue|svelte|astro|html|jsx|tsx)$/.test(extension) && tagsBefore !== tagsAfter) return false;
  if (/^\.(?:vue|svelte|astro|html)$/.test(extension))
    return hunks.every((hunk) => isPage(hunk) || isScript(hunk, 'ts'));
  if (name === 'nginx.conf') return faultsOfNginx(after).length === 0;
  const language = SCRIPTS[extension];
  return language === undefined || hunks.every((hunk) => isScript(hunk, language) || isMarkup(hunk));
};

const hunksOf = (lines: readonly string[]): string[][] => {
  const hunks: string[][] = [[]];
  for (const line of lines) {
    if (isGap(line)) hunks.push([]);
    else hunks.at(-1)?.push(line);
  }
  return hunks;
};

export const faultsOfDiff = ({ name, text }: Block): number[] => {
  const lines = text.split('\n');
  const faults = lines.flatMap((line, at) => (LINE.test(line) ? [] : at));
  if (faults.length || !name) return faults;
  const hunks = hunksOf(lines).map((hunk) => without('-', hunk));
  return isPart(name, without('+', lines), without('-', lines), hunks) ? [] : [0];
};
