/** A copy of the source in which each function that has a name notes when it is called. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

const SOURCE = resolve('src');
const FOLDER = resolve('test-results/traced');

/** Calls in their order: `room function`, such as `client/recording onViewed`. */
export const calls: string[] = [];
(globalThis as unknown as { traced: string[] }).traced = calls;

type FunctionNode = ts.ArrowFunction | ts.FunctionExpression | ts.FunctionDeclaration | ts.MethodDeclaration;

const isFunction = (node: ts.Node): node is FunctionNode =>
  ts.isArrowFunction(node) ||
  ts.isFunctionExpression(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isMethodDeclaration(node);

/** The name that the source gives a function: its own, or that of the variable or property that holds it. */
const nameOf = (node: FunctionNode): string | undefined => {
  const { parent } = node;
  const isHeld = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent);
  const name = node.name ?? (isHeld ? parent.name : undefined);
  return name && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? name.text : undefined;
};

/** Writes the note into each function of a file. Types, comments and everything else stay. */
const instrument = (path: string, text: string): string => {
  const room = path.replace(/\.tsx?$/, '');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const edits: [at: number, text: string][] = [];
  const visit = (node: ts.Node): void => {
    const name = isFunction(node) && node.body ? nameOf(node) : undefined;
    if (name && isFunction(node) && node.body) {
      const note = `globalThis.traced.push(${JSON.stringify(`${room} ${name}`)})`;
      if (ts.isBlock(node.body)) edits.push([node.body.getStart() + 1, `${note};`]);
      else edits.push([node.body.getStart(), `(${note}, `], [node.body.getEnd(), ')']);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return edits
    .sort(([one], [other]) => other - one)
    .reduce((written, [at, added]) => written.slice(0, at) + added + written.slice(at), text);
};

/**
 * Writes the copy.
 * @param name The folder's, which no other test may write meanwhile.
 * @returns The folder.
 */
export const writeTraced = (name: string): string => {
  const folder = join(FOLDER, name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(SOURCE, folder, { recursive: true });
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (/\.tsx?$/.test(path) && !path.endsWith('.d.ts')) {
      const file = join(folder, path);
      writeFileSync(file, instrument(path, readFileSync(file, 'utf8')));
    }
  return folder;
};

/** Loads a room of the copy, such as `client/tracker`. */
export const loadTraced = async <Room>(folder: string, room: string): Promise<Room> =>
  (await import(/* @vite-ignore */ pathToFileURL(join(folder, `${room}.ts`)).href)) as Room;
