/** Blocks of code in the documents, and the scripts in them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type DefaultTreeAdapterMap, parse } from 'parse5';
import { readMarkdown } from '../../../scripts/documents/markdown.mjs';

/** What a reader of a language needs of a block. Other readers use blocks of their own. */
export interface Block {
  readonly language: string;
  /** The path of the file that the block is or changes, if the document names one. */
  readonly name: string;
  readonly text: string;
}

/** A block in its document. */
export interface PlacedBlock extends Block {
  readonly file: string;
  /** The line of its first line in the file. */
  readonly line: number;
  readonly isClosed: boolean;
}

/** Code of a scripting language inside a block. */
export interface Script {
  readonly language: 'js' | 'jsx' | 'ts' | 'tsx' | 'json';
  readonly text: string;
  /** How many lines of the block are before its first line. */
  readonly line: number;
}

/** Reports of exports are checked elsewhere, and notes of the tests are for nobody who copies code. */
const DOCUMENTS = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file && !/^docs\/api\/|^e2e\//.test(file));

/** Every block of the documents. */
export const readBlocks = (): readonly PlacedBlock[] =>
  DOCUMENTS.flatMap((file) =>
    readMarkdown(readFileSync(file, 'utf8')).blocks.map((block) => ({ file, ...block })),
  );

type Element = DefaultTreeAdapterMap['element'];
type Node = DefaultTreeAdapterMap['node'];

/** Every element of a piece of HTML, also in templates. */
const elementsOf = (node: Node): readonly Element[] => [
  ...('tagName' in node ? [node] : []),
  ...('content' in node ? elementsOf(node.content) : []),
  ...('childNodes' in node ? node.childNodes.flatMap(elementsOf) : []),
];

const attributeOf = (element: Element, name: string): string | undefined =>
  element.attrs.find((each) => each.name === name)?.value;

const languageOf = (element: Element): Script['language'] | undefined => {
  if (attributeOf(element, 'lang') === 'ts') return 'ts';
  const type = attributeOf(element, 'type') ?? '';
  if (/^(?:importmap|speculationrules|application\/(?:ld\+)?json)$/.test(type)) return 'json';
  return /^(?:module|text\/javascript)?$/.test(type) ? 'js' : undefined;
};

/** The scripts in markup, and the handlers in its attributes. */
const scriptsInMarkup = (text: string): readonly Script[] =>
  elementsOf(parse(text, { sourceCodeLocationInfo: true })).flatMap((element): Script[] => {
    const [inner] = element.childNodes;
    const language = element.tagName === 'script' ? languageOf(element) : undefined;
    const handlers = element.attrs
      .filter(({ name, value }) => /^on[a-z]+$/.test(name) && !value.startsWith('{'))
      .map(({ name, value }): Script => {
        const { startLine = 1 } = element.sourceCodeLocation?.attrs?.[name] ?? {};
        return {
          language: 'js',
          // On one line, since a handler may have several statements on its own.
          text: `(function (event) { ${value} });`,
          line: startLine - 1,
        };
      });
    return language && inner && 'value' in inner
      ? [...handlers, { language, text: inner.value, line: (inner.sourceCodeLocation?.startLine ?? 1) - 1 }]
      : handlers;
  });

const ASTRO_HEAD = /^---\n([\s\S]*?)^---$/m;

/** The scripts in a block: the block itself, or those in its markup. */
export const scriptsIn = ({ language, text }: Block): readonly Script[] => {
  switch (language) {
    case 'js':
    case 'jsx':
    case 'ts':
    case 'tsx':
    case 'json':
      return [{ language, text, line: 0 }];
    case 'astro': {
      const [front = '', head] = ASTRO_HEAD.exec(text) ?? [];
      const rest = front.replace(/[^\n]/g, ' ') + text.slice(front.length);
      return [
        ...(head === undefined ? [] : [{ language: 'ts', text: head, line: 1 } as const]),
        // What a page of Astro has in a script is TypeScript.
        ...scriptsInMarkup(rest).map((script): Script => ({ ...script, language: 'ts' })),
      ];
    }
    case 'html':
    case 'svelte':
    case 'vue':
      return scriptsInMarkup(text);
    default:
      return [];
  }
};
