/** Reads the markup of the documents by the parser of the HTML standard. */
import { parse, Tokenizer, TokenizerMode } from 'parse5';

/** Elements that have no end. */
const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/;

/** How the text in an element is read. */
const MODES: Readonly<Record<string, (typeof TokenizerMode)[keyof typeof TokenizerMode]>> = {
  script: TokenizerMode.SCRIPT_DATA,
  style: TokenizerMode.RAWTEXT,
  textarea: TokenizerMode.RCDATA,
  title: TokenizerMode.RCDATA,
};

interface Tag {
  /** As it is written. The name of an end begins with a slash. */
  readonly name: string;
  readonly line: number;
}

/** Elements that do not end, and ends without an element. A browser would repair them without a word. */
const unbalanced = (text: string): readonly Tag[] => {
  const open: Tag[] = [];
  const faults: Tag[] = [];
  const nothing = (): void => undefined;
  const written = (name: string, start = 0): string => text.slice(start, start + name.length);
  const tokenizer = new Tokenizer(
    { sourceCodeLocationInfo: true },
    {
      onStartTag({ tagName: name, selfClosing, location }) {
        const { startLine = 1, startOffset = 0 } = location ?? {};
        if (!VOID.test(name) && !selfClosing)
          open.push({ name: written(name, startOffset + '<'.length), line: startLine - 1 });
        tokenizer.state = MODES[name] ?? TokenizerMode.DATA;
      },
      onEndTag({ tagName, location }) {
        const { startLine = 1, startOffset = 0 } = location ?? {};
        const at = open.findLastIndex(({ name }) => name.toLowerCase() === tagName);
        if (at < 0)
          faults.push({ name: written(`/${tagName}`, startOffset + '<'.length), line: startLine - 1 });
        else faults.push(...open.splice(at).slice(1));
      },
      onComment: nothing,
      onDoctype: nothing,
      onEof: nothing,
      onCharacter: nothing,
      onNullCharacter: nothing,
      onWhitespaceCharacter: nothing,
    },
  );
  tokenizer.write(text, true);
  return [...faults, ...open];
};

/** The names of what a part of a page leaves open, and of what it ends without having opened it. */
export const unbalancedTags = (text: string): string[] => unbalanced(text).map(({ name }) => name);

/** Lines with what the HTML standard calls a parse error, except that a fragment has no doctype. */
export const misread = (text: string, allowed = /^missing-doctype$/): number[] => {
  const faults: number[] = [];
  parse(text, {
    onParseError: ({ code, startLine }) => {
      if (!allowed.test(code)) faults.push(startLine - 1);
    },
  });
  return faults;
};

export const faultsOfHtml = (text: string): number[] => [
  ...misread(text),
  ...unbalanced(text).map(({ line }) => line),
];
