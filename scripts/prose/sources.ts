/** A plugin of textlint: reads sources of every kind, and gives rules their comments, messages, names and test titles. */
import { ASTNodeTypes, type TxtDocumentNode, type TxtNode } from '@textlint/ast-node-types';
import type { TextlintPluginCreator } from '@textlint/types';
import ts from 'typescript';
import { commentsIn, hashCommentsIn, piecesOf } from './comments.js';
import { jsonIn, yamlNamesIn } from './data.js';
import { dashFileIn, embeddedCommentsIn } from './embedded.js';
import { isEnglish } from './english.js';
import { type Format, formatOf } from './files.js';
import { partsOf } from './lines.js';
import { messagesIn, printedIn } from './literals.js';
import { markupIn, styleCommentsIn } from './markup.js';
import type { Said } from './passage.js';
import { titlesIn } from './titles.js';

/** A paragraph made of what a file says. */
export interface SaidNode extends TxtNode {
  readonly said: Said;
}

/** Whether a node is one of ours. */
export const isSaid = (node: TxtNode): node is SaidNode => 'said' in node;

/** Tests are read by contributors only, so their texts are data unless they are printed; elsewhere people may see any string. */
const isTest = (path: string): boolean => /(^|\/)(test|e2e)\//.test(path);

const scriptIn = (text: string, path: string): readonly Said[] => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const shown = isTest(path) ? [...titlesIn(source), ...printedIn(source)] : messagesIn(source);
  return [...commentsIn(source), ...embeddedCommentsIn(source), ...shown];
};

const plainIn = (text: string): readonly Said[] =>
  partsOf(piecesOf(text, 0))
    .filter(isEnglish)
    .map((pieces) => ({ kind: 'message', pieces }));

const READERS: Readonly<
  Record<Exclude<Format, 'document'>, (text: string, path: string) => readonly Said[]>
> = {
  script: scriptIn,
  markup: markupIn,
  style: styleCommentsIn,
  json: jsonIn,
  yaml: (text) => [...hashCommentsIn(text), ...yamlNamesIn(text)],
  hash: hashCommentsIn,
  dash: dashFileIn,
  plain: plainIn,
};

/** Everything that a source says in English, in the order of the file. */
export const readSource = (path: string, text: string): readonly Said[] => {
  const format = formatOf(path);
  if (format === undefined || format === 'document') return [];
  return READERS[format](text, path).toSorted(
    (one, other) => (one.pieces[0]?.start ?? 0) - (other.pieces[0]?.start ?? 0),
  );
};

const nodeOf = (
  source: TxtDocumentNode,
  { said, at }: { said: Said; at: (offset: number) => Position },
): SaidNode => {
  const first = said.pieces[0]?.start ?? 0;
  const last = said.pieces.at(-1);
  const range: [number, number] = [first, last ? last.start + last.text.length : first];
  return {
    type: ASTNodeTypes.Paragraph,
    raw: source.raw.slice(...range),
    range,
    loc: { start: at(range[0]), end: at(range[1]) },
    said,
  };
};

interface Position {
  readonly line: number;
  readonly column: number;
}

/** Lines count from 1, columns from 0. */
const positionsIn = (text: string): ((offset: number) => Position) => {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) };
  };
};

const documentOf = (path: string, text: string): TxtDocumentNode => {
  const at = positionsIn(text);
  const document: TxtDocumentNode = {
    type: ASTNodeTypes.Document,
    raw: text,
    range: [0, text.length],
    loc: { start: at(0), end: at(text.length) },
    children: [],
  };
  const children = readSource(path, text).map((said) => nodeOf(document, { said, at }));
  return { ...document, children: children as unknown as TxtDocumentNode['children'] };
};

/** The kernel chooses a plugin by an ending; this one stands for every source. */
export const SOURCE = '.source';

/** The plugin. */
export const sourcePlugin: TextlintPluginCreator = {
  Processor: class {
    availableExtensions(): string[] {
      return [SOURCE];
    }

    processor() {
      return {
        preProcess: (text: string, path = 'source.ts') => documentOf(path, text),
        postProcess: (messages: never[], filePath = 'source.ts') => ({ messages, filePath }),
      };
    }
  },
};
