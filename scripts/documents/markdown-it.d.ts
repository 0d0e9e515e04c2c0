/** What we use of the parser, which has no declarations of its own. */
declare module 'markdown-it' {
  export interface Token {
    readonly type: string;
    readonly info: string;
    readonly content: string;
    /** Its first line and the line behind it, from 0. Only a block has them. */
    readonly map: readonly [start: number, end: number] | null;
    /** Only text has them. */
    readonly children: readonly Token[] | null;
    attrGet(name: string): string | null;
  }

  export default class MarkdownIt {
    constructor(options: { readonly html: boolean });
    parse(text: string, environment: object): Token[];
  }
}
