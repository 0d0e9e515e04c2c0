/** The marks of controls, from the constants that name them. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { textOf } from './declared.js';

/** One mark. */
export interface Mark {
  readonly name: string;
  readonly says: string;
  readonly fallback: string;
  readonly range: string;
  readonly example: string;
}

const FILE = 'src/client/later/detect/controls.ts';

/** Every constant of that file whose comment has a range. */
export const readMarks = (): readonly Mark[] => {
  const source = ts.createSourceFile(FILE, readFileSync(FILE, 'utf8'), ts.ScriptTarget.Latest, true);
  return source.statements.filter(ts.isVariableStatement).flatMap((statement) => {
    const tags = new Map(
      ts.getJSDocTags(statement).map(({ tagName, comment }) => [tagName.text, textOf(comment)]),
    );
    const [declaration] = statement.declarationList.declarations;
    const initializer = declaration?.initializer;
    const range = tags.get('range');
    if (range === undefined || !initializer || !ts.isStringLiteral(initializer)) return [];
    const [comment] = ts.getJSDocCommentsAndTags(statement).filter(ts.isJSDoc);
    return [
      {
        ...{ name: initializer.text, says: textOf(comment?.comment), range },
        fallback: tags.get('default') ?? '',
        example: (tags.get('example') ?? '').replace(/^`(.*)`$/s, '$1'),
      },
    ];
  });
};
