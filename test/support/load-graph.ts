/** Which rooms of `src` a bundle has: those that an entry imports as values, at once. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** What the script file has in the place of other rooms, as `rollup.config.mjs` says. */
const REPLACED: Readonly<Record<string, string>> = {
  'src/client/later/asking.ts': 'src/client/later/asking-script.ts',
  'src/client/later/delivery/post.ts': 'src/client/later/delivery/post-script.ts',
};

/** The rooms that a file imports or exports again as values. */
const importedBy = (file: string): string[] => {
  const found: string[] = [];
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022).forEachChild((node) => {
    if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node)) return;
    const { moduleSpecifier } = node;
    if (!moduleSpecifier || !ts.isStringLiteral(moduleSpecifier) || !moduleSpecifier.text.startsWith('.'))
      return;
    const clause = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
    const names = clause && 'elements' in clause ? [...clause.elements] : [];
    const isOnlyTypes =
      (ts.isImportDeclaration(node)
        ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
        : node.isTypeOnly) ||
      (names.length > 0 && names.every(({ isTypeOnly }) => isTypeOnly));
    if (!isOnlyTypes) found.push(join(dirname(file), moduleSpecifier.text.replace(/\.js$/, '.ts')));
  });
  return found;
};

/** The rooms of the bundle for a page that begins with this file, the file itself included. */
export const roomsOf = (entry: string): readonly string[] => {
  const rooms = new Set([entry]);
  for (const room of rooms) for (const next of importedBy(room)) rooms.add(REPLACED[next] ?? next);
  return [...rooms];
};
