/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  /** The rest of the fence, such as the path of a file. */
  readonly name: string;
  readonly text: string;
  /** The line of its first line in the document, from 1. */
  readonly line: number;
  readonly isClosed: boolean;
}

export interface MarkdownDocument {
  readonly blocks: readonly CodeBlock[];
  /** Links and pictures. Only a picture has a description (`alt`). */
  readonly links: readonly { readonly href: string; readonly alt?: string }[];
  /** Links by reference whose name is not defined. */
  readonly undefinedLinks: readonly string[];
  /** The anchors of the headings. */
  readonly anchors: readonly string[];
  /** Where the front matter leads to. */
  readonly matterLinks: readonly string[];
}

export declare const readMarkdown: (markdown: string) => MarkdownDocument;
