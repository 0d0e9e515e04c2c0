/** How large rooms, closures and functions may be; docs/architecture.md lists the limits. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** The limits, by what they bound. */
const LIMITS = { room: 250, median: 80, closure: 150, inner: 40, parameters: 4 } as const;

/** Something larger than it may be. */
interface Excess {
  readonly what: string;
  readonly size: number;
  readonly limit: number;
}

type WithBody = ts.FunctionLikeDeclaration & { readonly body: ts.ConciseBody };

const hasBody = (node: ts.Node): node is WithBody =>
  ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;

const nameOf = (node: WithBody): string => {
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  return named?.getText() ?? 'a function without a name';
};

/** Whether a function has functions with statements of their own. */
const isClosure = (node: WithBody): boolean => {
  const holds = (inner: ts.Node): boolean =>
    (hasBody(inner) && ts.isBlock(inner.body)) || !!ts.forEachChild(inner, holds);
  return !!ts.forEachChild(node.body, holds);
};

/** What of a room is too large. */
const excessOf = (path: string, text: string): Excess[] => {
  const kind = path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
  const found: Excess[] = [];
  const check = (what: string, size: number, limit: number): void => {
    if (size > limit) found.push({ what: `${path}: ${what}`, size, limit });
  };
  const lineAt = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node, isInner: boolean): void => {
    if (hasBody(node)) {
      const lines = lineAt(node.end) - lineAt(node.getStart()) + 1;
      check(nameOf(node), lines, isInner ? LIMITS.inner : isClosure(node) ? LIMITS.closure : Infinity);
      check(`parameters of ${nameOf(node)}`, node.parameters.length, LIMITS.parameters);
    }
    ts.forEachChild(node, (child) => visit(child, isInner || hasBody(node)));
  };
  check('the room', text.trimEnd().split('\n').length, LIMITS.room);
  visit(source, false);
  return found;
};

const ROOT = resolve('src');
const ROOMS = readdirSync(ROOT, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map(({ parentPath, name }) => join(parentPath, name))
  .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }));

describe('the size of what one reads at once', () => {
  test('no room, closure, inner function or list of parameters is larger than its limit', () => {
    expect(ROOMS.flatMap(({ path, text }) => excessOf(path, text))).toEqual([]);
  });

  test('half of the rooms have at most 80 lines', () => {
    const lines = ROOMS.map(({ text }) => text.trimEnd().split('\n').length).sort((a, b) => a - b);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(LIMITS.median);
  });

  test('the keys and scripts of Redis have at most 600 lines in all', () => {
    const scripts = ROOMS.filter(({ path }) =>
      /intake\/redis\/redis-(events|taking|forwarding|scripts|sharing)\.ts$/.test(path),
    );
    expect(scripts).toHaveLength(5);
    expect(scripts.flatMap(({ text }) => text.trimEnd().split('\n')).length).toBeLessThanOrEqual(600);
    // Nothing else of the intake has a script; what moves events of 0.1 leaves with them.
    const others = ROOMS.filter(
      ({ path }) => /intake\/redis\/redis/.test(path) && !scripts.some((one) => one.path === path),
    );
    expect(others.filter(({ text }) => text.includes("call('"))).toEqual([]);
  });

  const statements = (count: number): string => 'run();\n'.repeat(count);
  test.each([
    ['a room', `/** Runs. */\n${statements(250)}`, 'room.ts: the room', 251],
    [
      'a closure',
      `const make = () => {\nconst act = () => {\n};\n${statements(148)}};`,
      'room.ts: make',
      152,
    ],
    [
      'a function in a closure',
      `const make = () => {\nconst act = () => {\n${statements(39)}};\n};`,
      'room.ts: act',
      41,
    ],
    ['a method in a closure', `const make = () => ({\nact() {\n${statements(39)}},\n});`, 'room.ts: act', 41],
    ['a list of parameters', 'const add = (a, b, c, d, e) => a;', 'room.ts: parameters of add', 5],
  ])('%s that is too large is found', (_, text, what, size) => {
    expect(excessOf('room.ts', text)).toEqual([expect.objectContaining({ what, size })]);
  });

  test('a function of the room itself, such as one that renders a page, may be long', () => {
    expect(excessOf('room.ts', `const show = () => {\n${statements(100)}};`)).toEqual([]);
  });
});
