/** Blocks of code in the documents, and the scripts in them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type DefaultTreeAdapterMap, parse } from 'parse5';
import { blocksOf, type CodeBlock } from '../markdown.js';

/** A block in its document. */
export interface PlacedBlock extends CodeBlock {
  readonly file: string;
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
  DOCUMENTS.flatMap((file) => blocksOf(readFileSync(file, 'utf8')).map((block) => ({ file, ...block })));

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
export const scriptsIn = ({ language, text }: CodeBlock): readonly Script[] => {
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
