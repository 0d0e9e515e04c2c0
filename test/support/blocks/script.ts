/** Reads scripts of the documents by the parser of TypeScript. */
import ts from 'typescript';
import type { Script } from './block.js';

const KINDS: Readonly<Record<Exclude<Script['language'], 'json'>, ts.ScriptKind>> = {
  js: ts.ScriptKind.JS,
  jsx: ts.ScriptKind.JSX,
  ts: ts.ScriptKind.TS,
  tsx: ts.ScriptKind.TSX,
};

/** Statements that begin on one line, though nothing holds them on one line. */
const crowded = (source: ts.SourceFile): number[] => {
  const lineAt = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const faults: number[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isSourceFile(node) || ts.isBlock(node)) {
      const isOneLine = lineAt(node.getStart(source)) === lineAt(node.getEnd());
      const lines = node.statements.map((statement) => lineAt(statement.getStart(source)));
      if (!isOneLine) faults.push(...lines.filter((line, at) => line === lines[at - 1]));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return faults;
};

const linesOfJson = (text: string): number[] => {
  const { error } = ts.parseConfigFileTextToJson('block.json', text);
  if (error) return [text.slice(0, error.start ?? 0).split('\n').length - 1];
  try {
    // The parser of TypeScript allows commas at the end, and comments.
    JSON.parse(text);
    return [];
  } catch {
    return [0];
  }
};

/** The lines that a parser finds wrong, apart from the mark for something that is left out. */
export const faultsOfScript = ({ language, text, line: before }: Script): number[] => {
  if (language === 'json') return linesOfJson(text).map((line) => line + before);
  const source = ts.createSourceFile(
    'block.tsx',
    text.replaceAll('…', '_'),
    ts.ScriptTarget.Latest,
    true,
    KINDS[language],
  );
  const { parseDiagnostics = [] } = source as unknown as {
    readonly parseDiagnostics?: readonly ts.DiagnosticWithLocation[];
  };
  const lines = parseDiagnostics.map(({ start }) => source.getLineAndCharacterOfPosition(start).line);
  return [...lines, ...crowded(source)].map((line) => line + before);
};
