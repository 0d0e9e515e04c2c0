/** What a document says: its paragraphs, headings and cells, the texts of its images, its markup, and what its code says. */
import type { TxtNode } from '@textlint/ast-node-types';
import { piecesOf } from './comments.js';
import type { Kind, Piece, Said } from './passage.js';
import { readSource } from './sources.js';

const childrenOf = (node: TxtNode): readonly TxtNode[] =>
  'children' in node && Array.isArray(node.children) ? (node.children as readonly TxtNode[]) : [];

/** Rules do not see code, addresses and markup. */
const piecesIn = (node: TxtNode): readonly Piece[] => {
  const [start] = node.range;
  const type: string = node.type;
  if (type === 'Str') return [{ text: node.raw, start, isCode: false }];
  if (type === 'Code') return [{ text: node.raw, start, isCode: true }];
  if (type === 'Break') return [{ text: ' ', start, isCode: false }];
  return childrenOf(node).flatMap(piecesIn);
};

const text =
  (kind: Kind) =>
  (node: TxtNode): readonly Said[] => [{ kind, pieces: piecesIn(node) }];

/** A value of the front matter that is a sentence; the other ones are settings. */
const FRONT_MATTER = /^\s*-? *(?:title|titleTemplate|description|text|details|tagline|content): (.+)$/dgm;

const frontMatterIn = ({ raw, range }: TxtNode): readonly Said[] =>
  [...raw.matchAll(FRONT_MATTER)].map(({ 1: value = '', indices }) => ({
    kind: 'cell',
    pieces: piecesOf(value, range[0] + (indices?.[1]?.[0] ?? 0)),
  }));

/** The rest of a line after `![` is the text of an image. */
const altOf = ({ raw, range }: TxtNode): readonly Said[] => [
  { kind: 'cell', pieces: piecesOf(raw.slice(2, raw.indexOf(']')), range[0] + 2) },
];

const movedBy = (said: readonly Said[], by: number): readonly Said[] =>
  said.map(({ kind, pieces }) => ({
    kind,
    pieces: pieces.map((piece) => ({ ...piece, start: piece.start + by })),
  }));

const blockIn = (node: TxtNode): readonly Said[] => {
  // A block that is indented has no fence.
  const [fence = '', language = ''] = /^[`~]{3,}[ \t]*(\w*).*/.exec(node.raw) ?? [];
  const code = node.raw.slice(fence.length);
  // A language is named as the ending of its files. Without one a block shows what a program prints.
  const name = `block.${language.toLowerCase() || 'text'}`;
  return movedBy(readSource(name, code), node.range[0] + fence.length);
};

const READERS: Readonly<Partial<Record<string, (node: TxtNode) => readonly Said[]>>> = {
  Paragraph: text('document'),
  Header: text('heading'),
  TableCell: text('cell'),
  Yaml: frontMatterIn,
  Image: altOf,
  Html: ({ raw, range }) => movedBy(readSource('part.html', raw), range[0]),
  CodeBlock: blockIn,
};

/** Nodes of a document that say something. */
export const SAYING = Object.keys(READERS);

/** What one node says. */
export const saidBy = (node: TxtNode): readonly Said[] => READERS[node.type]?.(node) ?? [];
