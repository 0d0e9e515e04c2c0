import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { DYNAMIC, LAWS, type Law } from './support/laws.js';

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly kind: 'value' | 'type' | 'dynamic';
}

const ROOT = resolve('src');

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );

const roomOf = (file: string): string =>
  relative(ROOT, file)
    .replaceAll('\\', '/')
    .replace(/\.[jt]sx?$/, '');

const importsOf = (file: string, text = readFileSync(file, 'utf8')): Import[] => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const found: Import[] = [];
  const from = roomOf(file);
  const add = (specifier: ts.Node | undefined, kind: Import['kind']): void => {
    if (!specifier) return;
    // What is named while the program runs could be any room, so it is in no row.
    found.push({
      from,
      specifier: ts.isStringLiteralLike(specifier) ? specifier.text : specifier.getText(),
      kind,
    });
  };
  const isTypeOnly = (names: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean =>
    names !== undefined &&
    (ts.isNamedImports(names) || ts.isNamedExports(names)) &&
    names.elements.length > 0 &&
    names.elements.every((element) => element.isTypeOnly);
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const isType =
        clause?.phaseModifier === ts.SyntaxKind.TypeKeyword ||
        (!clause?.name && isTypeOnly(clause?.namedBindings));
      add(node.moduleSpecifier, isType ? 'type' : 'value');
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly || isTypeOnly(node.exportClause) ? 'type' : 'value');
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], 'dynamic');
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, 'type');
    } else if (ts.isExternalModuleReference(node)) {
      add(node.expression, 'value');
    } else if (ts.isModuleDeclaration(node) && ts.isStringLiteral(node.name)) {
      add(node.name, 'type');
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const { fileName } of source.referencedFiles) found.push({ from, specifier: fileName, kind: 'type' });
  return found;
};

/** The row that a room is under: the one with the longest name. */
const rowOf = (room: string): string | undefined => {
  const names = Object.keys(LAWS).filter((name) => room === name || room.startsWith(`${name}/`));
  return names.sort((a, b) => b.length - a.length)[0];
};

const lawOf = (room: string): Law | undefined => LAWS[rowOf(room) ?? ''];

const isBelow = (room: string, prefixes: readonly string[] = []): boolean =>
  prefixes.some((prefix) => prefix === '' || room === prefix || room.startsWith(`${prefix}/`));

/** `room/{one,other}` for rooms of one folder. */
const grouped = (rooms: readonly string[] = []): string => {
  const byFolder = new Map<string, string[]>();
  for (const room of new Set(rooms))
    byFolder.set(dirname(room), [...(byFolder.get(dirname(room)) ?? []), basename(room)]);
  return [...byFolder]
    .flatMap(([folder, names]) => {
      if (folder === '.') return names.map((name) => name || 'any room');
      return `${folder}/${names.length > 1 ? `{${names.join(',')}}` : names.join()}`;
    })
    .join(', ');
};

const lawText = (room: string): string => {
  const { values, types, packages = [] } = LAWS[room] as Law;
  const parts = [
    ['', grouped(values)],
    ['types of ', grouped(types)],
    ['packages ', packages.join(', ')],
    ['by import() ', grouped(DYNAMIC[room])],
  ] as const;
  const given = parts.filter(([, rooms]) => rooms).map(([kind, rooms]) => kind + rooms);
  return `    ${room}: ${given.join('; ') || 'nothing'}`;
};

/** What is wrong with an import, if anything, and what is allowed instead. */
const faultOf = ({ from, specifier, kind }: Import): string | undefined => {
  const law = lawOf(from);
  if (!law) return `${from} is in no row of the law: give it one in test/support/laws.ts`;
  const allowed = `values of ${grouped(law.values) || 'nothing'}, types of ${grouped(law.types) || 'nothing else'}`;
  const shown =
    `${from} imports ${kind === 'value' ? '' : `(${kind}) `}${specifier}, but may only import ${allowed}. ` +
    'See “The import law” in docs/architecture.md';
  if (kind === 'dynamic' && DYNAMIC[from]?.includes(specifier)) return undefined;
  if (!specifier.startsWith('.')) return law.packages?.includes(specifier) ? undefined : shown;
  const room = roomOf(resolve(ROOT, dirname(from), specifier));
  if (kind === 'dynamic') return DYNAMIC[from]?.includes(room) ? undefined : shown;
  const isAllowed = isBelow(room, law.values) || (kind === 'type' && isBelow(room, law.types));
  // Only the proxy needs the strict decoder: a page would load it for nothing.
  const isDecoderInClient = room === 'protocol/decode' && from.startsWith('client');
  return isAllowed && !isDecoderInClient ? undefined : shown;
};

/** The shortest cycle through each room, by breadth, without those that another room has given. */
const cyclesOf = (next: ReadonlyMap<string, ReadonlySet<string>>): string[] => {
  const cycles = new Map<string, string>();
  for (const start of next.keys()) {
    const cameFrom = new Map<string, string>();
    const reached = [start];
    for (const room of reached)
      for (const to of next.get(room) ?? [])
        if (!cameFrom.has(to)) {
          cameFrom.set(to, room);
          reached.push(to);
        }
    if (!cameFrom.has(start)) continue;
    const path = [start];
    let room = cameFrom.get(start);
    for (; room !== undefined && room !== start; room = cameFrom.get(room)) path.unshift(room);
    const key = [...path].sort().join();
    if (!cycles.has(key)) cycles.set(key, [start, ...path].join(' → '));
  }
  return [...cycles.values()];
};

const IMPORTS = filesBelow(ROOT).flatMap((file) => importsOf(file));

describe('the import law', () => {
  test('is kept by every import of src', () => {
    expect(IMPORTS.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
    expect(IMPORTS.length).toBeGreaterThan(50);
  });

  test('lets tools that trace files find what the thread of SQLite imports', () => {
    expect(IMPORTS).toContainEqual({
      from: 'proxy/intake/sqlite/sqlite-start',
      specifier: './sqlite-serving.js',
      kind: 'dynamic',
    });
  });

  test('knows every room', () => {
    expect(
      filesBelow(ROOT)
        .map(roomOf)
        .filter((room) => !lawOf(room)),
    ).toEqual([]);
  });

  test('catches a detector that imports the outbox, a page that imports the decoder, a stray package', () => {
    const forbidden: Import[] = [
      { from: 'client/detect/exposure', specifier: '../outbox/outbox.js', kind: 'value' },
      { from: 'client/later/farewell', specifier: '../../protocol/decode.js', kind: 'value' },
      { from: 'client/detect/exposure', specifier: '../later/detect/closing.js', kind: 'value' },
      { from: 'client/outbox/outbox', specifier: '../later/outbox/leasing.js', kind: 'value' },
      { from: 'client/outbox/outbox', specifier: '../later/outbox/leasing.js', kind: 'type' },
      { from: 'client/first', specifier: './later/later.js', kind: 'value' },
      { from: 'client/options', specifier: './later/later.js', kind: 'dynamic' },
      { from: 'client/detect/exposure', specifier: '../page.js', kind: 'value' },
      { from: 'proxy/handler', specifier: '../client/options.js', kind: 'type' },
      { from: 'proxy/handler', specifier: 'node:fs', kind: 'value' },
      { from: 'proxy/judging/signature', specifier: '../cli/serve.js', kind: 'value' },
      { from: 'proxy/door/problem', specifier: '../handler.js', kind: 'value' },
      { from: 'proxy/door/problem', specifier: '../handler.js', kind: 'type' },
      { from: 'proxy/forward/http', specifier: '../intake/sqlite/sqlite.js', kind: 'value' },
      { from: 'client/later/later', specifier: 'ky', kind: 'value' },
      { from: 'client/later/later', specifier: './page-delivery.js', kind: 'value' },
      { from: 'client/later/later', specifier: './outbox/leasing.js', kind: 'value' },
      { from: 'client/later/consent', specifier: './delivering.js', kind: 'value' },
    ];
    expect(forbidden.map(faultOf)).not.toContain(undefined);
  });

  test('forbids something to every row', () => {
    const rooms = filesBelow(ROOT).map(roomOf);
    const harmless = Object.keys(LAWS).filter((from) =>
      rooms.every(
        (room) => !faultOf({ from, specifier: `./${relative(dirname(from), room)}.js`, kind: 'value' }),
      ),
    );
    expect(harmless).toEqual([]);
  });

  test('allows nothing that no room uses', () => {
    const unused = Object.entries(LAWS).flatMap(([row, { values = [], types = [], packages = [] }]) => {
      const under = IMPORTS.filter(({ from }) => rowOf(from) === row);
      const rooms = under.map(({ from, specifier, kind }) => ({
        kind,
        room: specifier.startsWith('.') ? roomOf(resolve(ROOT, dirname(from), specifier)) : '',
      }));
      const isUsed = (prefix: string, kinds: readonly Import['kind'][]): boolean =>
        rooms.some(({ room, kind }) => room !== '' && kinds.includes(kind) && isBelow(room, [prefix]));
      return [
        ...values.filter((prefix) => !isUsed(prefix, ['value'])),
        ...types.filter((prefix) => !isUsed(prefix, ['type'])),
        ...packages.filter((name) => !under.some(({ specifier }) => specifier === name)),
      ].map((allowed) => `${row}: ${allowed}`);
    });
    expect(unused, 'Delete what no room uses from its row in test/support/laws.ts.').toEqual([]);
  });

  test('reads every way to import', () => {
    const text = `
      import './a.js'; import b from './b.js'; import type { C } from './c.js'; import { type D } from './d.js';
      import e = require('./e.js'); export * from './f.js'; export type { G } from './g.js'; import('./h.js');
      import(\`./i.js\`); import(name); let k: import('./k.js').K;
      declare module './m.js' { interface M {} }`;
    const kinds = importsOf(resolve(ROOT, 'room.ts'), `/// <reference path="./l.ts" />${text}`).map(
      ({ specifier, kind }) => `${specifier} ${kind}`,
    );
    expect(kinds.sort()).toEqual([
      './a.js value',
      './b.js value',
      './c.js type',
      './d.js type',
      './e.js value',
      './f.js value',
      './g.js type',
      './h.js dynamic',
      './i.js dynamic',
      './k.js type',
      './l.ts type',
      './m.js type',
      'name dynamic',
    ]);
  });

  test('is what docs/architecture.md shows; `npx vitest run test/import-law.test.ts -u` writes it', async () => {
    const path = 'docs/architecture.md';
    const document = readFileSync(path, 'utf8');
    const [, shown] = /\n## The import law\n[\s\S]*?\n\n( {4}[\s\S]*?)\n(?=\n\S)/.exec(document) ?? [];
    if (shown === undefined) throw new Error(`${path} does not show the import law.`);
    const rows = Object.keys(LAWS).map(lawText).join('\n');
    await expect(document.replace(shown, () => rows)).toMatchFileSnapshot(resolve(path));
  });

  test('governs the rooms that the tree of docs/architecture.md names, each of them, and none that is gone', () => {
    const document = readFileSync('docs/architecture.md', 'utf8');
    const [tree = ''] = /\n {4}src\/\n[\s\S]*?\n\n/.exec(document) ?? [];
    const named = [...tree.matchAll(/[\w-]+(?:\.[\w-]+)*\.ts\b/g)].map(([name]) => name);
    const there = new Set(filesBelow(ROOT).map((file) => basename(file)));
    expect(named.filter((name) => !there.has(name))).toEqual([]);
    // A line of the tree says what these have in common.
    const isGrouped = (room: string): boolean =>
      /^(?:adapters|doctor\/rules)\/|^doctor\/browser\/in-page|\/page\/(?:style-|funnel-|.*-page$)|\/(\w+)\/\1$/.test(
        room,
      );
    const rooms = filesBelow(ROOT)
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => relative(ROOT, file).replace(/\.tsx?$/, ''));
    const lacking = rooms.filter((room) => {
      const name = basename(room).replaceAll('.', '\\.');
      return !isGrouped(room) && !new RegExp(`(?<![\\w-])${name}\\.tsx?\\b`).test(tree);
    });
    expect(lacking, 'Give each a line in the tree of docs/architecture.md.').toEqual([]);
  });

  test('lets only the second load import its rooms, and rooms whose own entry needs them', () => {
    const from = IMPORTS.filter(
      ({ from, specifier, kind }) =>
        kind === 'value' &&
        !from.startsWith('client/later/') &&
        roomOf(resolve(ROOT, dirname(from), specifier)).startsWith('client/later/'),
    );
    const importers = from.map(({ from }) => from.replace(/^(inspector|doctor)\/.*/, '$1'));
    expect(
      new Set(importers),
      'The first load may only `import()` these rooms, or import their types.',
    ).toEqual(new Set(['doctor', 'index', 'inspector', 'service-worker', 'testing/tracker']));
    expect(from.filter(({ from }) => from === 'index').map(({ specifier }) => specifier)).toEqual([
      './client/later/diagnosis.js',
    ]);
  });

  test('has no cycle, of values or of types', () => {
    const next = new Map<string, Set<string>>();
    for (const { from, specifier, kind } of IMPORTS) {
      if (kind === 'dynamic' || !specifier.startsWith('.')) continue;
      next.set(from, (next.get(from) ?? new Set()).add(roomOf(resolve(ROOT, dirname(from), specifier))));
    }
    expect(cyclesOf(next), 'Give what both need a room of its own.').toEqual([]);
  });

  test('names the shortest cycle of each room that is in one, once', () => {
    const next = { a: ['b'], b: ['c', 'b2'], b2: ['a'], c: ['b'], outside: ['a'] };
    const graph = new Map(Object.entries(next).map(([from, to]) => [from, new Set(to)]));
    expect(cyclesOf(graph)).toEqual(['a → b → b2 → a', 'b → c → b']);
  });

  test('allows default exports only for tools that need them', () => {
    const offenders = filesBelow(ROOT).filter((file) =>
      /^export (default|.* as default\b)/m.test(readFileSync(file, 'utf8')),
    );
    expect(offenders).toEqual([]);
  });
});
