/** The sources as trees, for tests that compare them with the page on privacy. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A source file, by its path. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** The text of a file. */
export const read = (file: string): string => readFileSync(file, 'utf8');

/** Every source of these folders and files. */
export const sourcesOf = (...places: readonly string[]): Source[] =>
  places
    .flatMap((place) =>
      /\.tsx?$/.test(place)
        ? place
        : readdirSync(place, { recursive: true, encoding: 'utf8' })
            .filter((name) => /\.tsx?$/.test(name))
            .map((name) => join(place, name)),
    )
    .map((file) => ({ file, text: read(file) }));

/** What runs in the pages of a site, and in its service worker. */
export const IN_BROWSERS = [
  ...['src/client', 'src/adapters', 'src/protocol', 'src/inspector'],
  // A list of names would not have a file that is new.
  ...readdirSync('src')
    .filter((name) => name.endsWith('.ts') && name !== 'testing.ts')
    .map((name) => `src/${name}`),
];
/** What runs at the proxy. The other folders are for developers: they see no visitor. */
export const AT_THE_PROXY = ['src/proxy'] as const;

const isFaulty = (source: ts.SourceFile): boolean =>
  (source as unknown as { readonly parseDiagnostics: readonly unknown[] }).parseDiagnostics.length > 0;

const trees = new Map<string, ts.SourceFile>();

/** A source as a tree, with markup or without. */
export const parse = (text: string): ts.SourceFile => {
  for (const name of trees.has(text) ? [] : ['source.ts', 'source.tsx']) {
    const source = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
    if (!isFaulty(source) && !trees.has(text)) trees.set(text, source);
  }
  const tree = trees.get(text);
  if (!tree) throw new Error(`This is not TypeScript: ${text.slice(0, 200)}`);
  return tree;
};

/** A node and everything below it. */
export const nodesOf = (node: ts.Node): ts.Node[] => {
  const nodes: ts.Node[] = [];
  const add = (next: ts.Node): void => {
    nodes.push(next);
    ts.forEachChild(next, add);
  };
  add(node);
  return nodes;
};

/** The calls of a function or a method, by what stands before the parentheses. */
export const callsOf = (text: string, callee: RegExp): (ts.CallExpression | ts.NewExpression)[] =>
  nodesOf(parse(text)).filter(
    (node): node is ts.CallExpression | ts.NewExpression =>
      (ts.isCallExpression(node) || ts.isNewExpression(node)) && callee.test(node.expression.getText()),
  );

/** The text of a node in one line. */
export const lineOf = (node: ts.Node): string => node.getText().replaceAll(/\s+/g, ' ');

/** The properties that an interface declares by itself. */
export const membersOf = (text: string, name: string): string[] => {
  const [declared] = nodesOf(parse(text)).filter(
    (node): node is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(node) && node.name.text === name,
  );
  if (!declared) throw new Error(`There is no interface ${name}.`);
  return declared.members.flatMap((member) => member.name?.getText() ?? []);
};

/** The names of the properties of every object that is written below a node. */
export const keysBelow = (node: ts.Node): string[] =>
  nodesOf(node)
    .filter(ts.isObjectLiteralExpression)
    .flatMap(({ properties }) => properties.flatMap(({ name }) => (name ? nameOf(name) : [])));

/** A property's name without quotes. One that is computed stays as it is, in brackets. */
export const nameOf = (name: ts.Node): string =>
  ts.isStringLiteral(name) || ts.isIdentifier(name) ? name.text : name.getText();

/** The first groups of every match, each once. */
export const found = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name = '']) => name)),
];

/** A source with one more item of a kind behind a place in it. */
export const withMore = (text: string, place: string, more: string): string => {
  if (!text.includes(place)) throw new Error(`There is no “${place}”.`);
  return text.replace(place, `${place}${more}`);
};

/** Where each word is used in code: `file: word`, each once, except in comments. */
export const usesOf = (sources: readonly Source[], words: ReadonlySet<string>): string[] =>
  [
    ...new Set(
      sources.flatMap(({ file, text }) =>
        nodesOf(parse(text))
          .filter((node) => ts.isIdentifier(node) || ts.isStringLiteralLike(node))
          .filter(({ text: word }) => words.has(word))
          .map(({ text: word }) => `${file}: ${word}`),
      ),
    ),
  ].sort();
