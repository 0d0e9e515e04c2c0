/** Reads the blocks of code of a document. */
import MarkdownIt from 'markdown-it';

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  /** The rest of the fence, such as the path of a file. */
  readonly name: string;
  readonly text: string;
  /** The line of its first line in the document, from 1. */
  readonly line: number;
}

const parser = new MarkdownIt();

/** The blocks of a document. */
export const blocksOf = (markdown: string): readonly CodeBlock[] =>
  parser
    .parse(markdown, {})
    .filter(({ type }) => type === 'fence')
    .map(({ info, content, map }) => {
      const [language = '', ...name] = info.trim().split(/\s+/);
      return { language, name: name.join(' '), text: content.replace(/\n$/, ''), line: (map?.[0] ?? 0) + 2 };
    });
