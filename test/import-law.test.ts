import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
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

const importsOf = (file: string): Import[] => {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
  const found: Import[] = [];
  const from = roomOf(file);
  const add = (specifier: ts.Node | undefined, kind: Import['kind']): void => {
    if (specifier && ts.isStringLiteral(specifier)) found.push({ from, specifier: specifier.text, kind });
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
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

const lawOf = (room: string): Law | undefined => {
  const names = Object.keys(LAWS).filter((name) => room === name || room.startsWith(`${name}/`));
  const [name] = names.sort((a, b) => b.length - a.length);
  return name === undefined ? undefined : LAWS[name];
};

const isBelow = (room: string, prefixes: readonly string[] = []): boolean =>
  prefixes.some((prefix) => prefix === '' || room === prefix || room.startsWith(`${prefix}/`));

/** What is wrong with an import, if anything. */
const faultOf = ({ from, specifier, kind }: Import): string | undefined => {
  const law = lawOf(from);
  const shown = `${from} → ${specifier}${kind === 'value' ? '' : ` (${kind})`}`;
  if (!law) return `${from} is in no row of the law`;
  if (!specifier.startsWith('.')) return law.packages?.includes(specifier) ? undefined : shown;
  const room = roomOf(resolve(ROOT, dirname(from), specifier));
  if (kind === 'dynamic') return DYNAMIC[from]?.includes(room) ? undefined : shown;
  const isAllowed = isBelow(room, law.values) || (kind === 'type' && isBelow(room, law.types));
  // Only the proxy needs the strict decoder: a page would load it for nothing.
  const isDecoderInClient = room === 'protocol/decode' && from.startsWith('client');
  return isAllowed && !isDecoderInClient ? undefined : shown;
};

const IMPORTS = filesBelow(ROOT).flatMap(importsOf);

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

  test('lets only the second load import its rooms, and rooms whose own entry needs them', () => {
    const from = IMPORTS.filter(
      ({ from, specifier, kind }) =>
        kind === 'value' &&
        !from.startsWith('client/later/') &&
        roomOf(resolve(ROOT, dirname(from), specifier)).startsWith('client/later/'),
    );
    const importers = from.map(({ from }) => from.replace(/^(inspector|doctor)\/.*/, '$1'));
    expect(new Set(importers)).toEqual(
      new Set(['doctor', 'index', 'inspector', 'service-worker', 'testing/tracker']),
    );
    expect(from.filter(({ from }) => from === 'index').map(({ specifier }) => specifier)).toEqual([
      './client/later/diagnosis.js',
    ]);
  });

  test('has no cycle, of values or of types', () => {
    const next = new Map<string, string[]>();
    for (const { from, specifier, kind } of IMPORTS) {
      if (kind === 'dynamic' || !specifier.startsWith('.')) continue;
      next.set(from, [...(next.get(from) ?? []), roomOf(resolve(ROOT, dirname(from), specifier))]);
    }
    const cycles: string[] = [];
    const walk = (room: string, path: readonly string[]): void => {
      if (path.includes(room)) cycles.push([...path, room].join(' → '));
      else for (const to of next.get(room) ?? []) walk(to, [...path, room]);
    };
    for (const room of next.keys()) walk(room, []);
    expect(cycles).toEqual([]);
  });

  test('allows default exports only for tools that need them', () => {
    const offenders = filesBelow(ROOT).filter((file) => /^export default/m.test(readFileSync(file, 'utf8')));
    expect(offenders).toEqual([]);
  });
});
