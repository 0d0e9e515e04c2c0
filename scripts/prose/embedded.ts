/** Comments that begin with two dashes: those of scripts in Lua and of statements in SQL, which strings of our code hold. */
import ts from 'typescript';
import { markedCommentsIn } from './comments.js';
import { isProgram } from './english.js';
import { isText } from './literals.js';
import type { Said } from './passage.js';

/** At the beginning of a line; in a program also behind what it explains. */
const OWN_LINE = /(?<=^[ \t]*)--+ .*$/gm;
const BEHIND = /(?<=^|[\s)(,])--+ (?!-).*$/gm;

/** What comments say that begin with two dashes. */
const dashCommentsIn = (text: string, start = 0): readonly Said[] =>
  markedCommentsIn(isProgram(text) ? BEHIND : OWN_LINE, text, start);

/** A file of such a language has nothing else to read. */
export const dashFileIn = (text: string): readonly Said[] => markedCommentsIn(BEHIND, text);

/** Such comments in the strings of a source. */
export const embeddedCommentsIn = (source: ts.SourceFile): readonly Said[] => {
  const found: Said[] = [];
  const visit = (node: ts.Node): void => {
    if (isText(node)) {
      const start = node.getStart(source);
      // Values in a comment are code to its reader.
      const text = source.text
        .slice(start, node.end)
        .replaceAll(/\$\{([^{}]*)\}/g, (all) => `\`${'x'.repeat(all.length - 2)}\``);
      found.push(...dashCommentsIn(text.replace(/^[`'"]|[`'"]$/g, ' '), start));
      return;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};
