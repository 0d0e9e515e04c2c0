/** What settings say of themselves: descriptions in JSON, and names of jobs and steps in YAML. */
import ts from 'typescript';
import { commentsIn, piecesOf } from './comments.js';
import { isEnglish, isLabel } from './english.js';
import { partOf } from './literals.js';
import type { Said } from './passage.js';

/** Members that explain something, in a package's manifest and in a schema. */
const EXPLAINING =
  /^(?:description|markdownDescription|title|summary|\$comment|deprecationMessage|errorMessage)$/;

/** Descriptions and titles of JSON, and its comments, which files of settings may have. */
export const jsonIn = (text: string, path: string): readonly Said[] => {
  const source = ts.parseJsonText(path, text);
  const found: Said[] = [...commentsIn(source)];
  const visit = (node: ts.Node): void => {
    if (
      ts.isPropertyAssignment(node) &&
      ts.isStringLiteral(node.name) &&
      EXPLAINING.test(node.name.text) &&
      ts.isStringLiteral(node.initializer)
    ) {
      const pieces = partOf(node.initializer, source);
      if (isEnglish(pieces)) found.push({ kind: 'message', pieces });
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return found;
};

/** A value on the line of its key, with or without quotation marks, and without the comment behind it. */
const NAMED = /^[ \t]*(?:- )?(?:name|description|title|run-name):[ \t]+(["']?)(.+?)\1(?:[ \t]+#.*)?$/dgm;
/** What the job puts in is not English. */
const EXPRESSION = /\$\{\{.*?\}\}/g;

/** Names and descriptions in YAML. */
export const yamlNamesIn = (text: string): readonly Said[] =>
  [...text.matchAll(NAMED)].flatMap(({ 2: value = '', indices }) => {
    const shown = value.replaceAll(EXPRESSION, (all) => `\`${'x'.repeat(all.length - 2)}\``);
    const pieces = piecesOf(shown, indices?.[2]?.[0] ?? 0);
    return isLabel(pieces) ? [{ kind: 'cell' as const, pieces }] : [];
  });
