/** Checks the types of the documents' scripts against the package's own sources. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { typedEntries } from '../../../scripts/entries.mjs';
import { compileTexts } from '../compile.js';
import { type PlacedBlock, type Script, scriptsIn } from './block.js';

/** Entries whose names mean one thing each. The adapters share names, so blocks import those. */
const isPlain = ({ name }: { readonly name: string }): boolean =>
  !/^(?:react|vue|svelte|solid|element|service-worker|testing-node)$/.test(name);

/** The values that an entry exports. */
const valuesOf = (source: string): readonly string[] => {
  const names: string[] = [];
  const file = ts.createSourceFile(source, readFileSync(source, 'utf8'), ts.ScriptTarget.Latest, true);
  for (const statement of file.statements) {
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (ts.isVariableStatement(statement) && isExported)
      for (const { name } of statement.declarationList.declarations) names.push(name.getText(file));
    if (ts.isExportDeclaration(statement) && !statement.isTypeOnly && statement.exportClause)
      if (ts.isNamedExports(statement.exportClause))
        for (const { name, isTypeOnly } of statement.exportClause.elements)
          if (!isTypeOnly) names.push(name.text);
  }
  return names;
};

/** What a reader has beside a block: what an earlier block made, and the application's own. */
const AROUND = `
  const tracker: import('offersight').OfferTracker;
  const proxy: import('offersight/proxy').OfferProxy;
  const intake: import('offersight/proxy').Intake;
  const Offer: typeof import('offersight/react').Offer;
  const element: HTMLElement;
  const closedShadowRoot: ShadowRoot;
  const openedAt: number;
  const order: any;
  const subscriptions: any;
  /** Takes the place of what a block leaves out. */
  const _: any;
  const importScripts: (...urls: string[]) => void;
  const trustedTypes: any;
  const offersight: { push(call: (tracker: import('offersight').OfferTracker) => void): void };
  interface Window { offersight: any; offerTracker: any }`;

/** A short block names exports without importing them. */
const globalsOf = (): string => {
  const values = typedEntries()
    .filter(isPlain)
    .flatMap(({ specifier, source }) =>
      valuesOf(source).map(
        (name) => [name, `const ${name}: typeof import('${specifier}').${name};`] as const,
      ),
    );
  return `/// <reference types="svelte" />
export {};
declare global {${AROUND}
  ${[...new Map(values).values()].join('\n  ')}
}`;
};

/** Packages that guides use and this repository does not install, and files of the reader's. */
const ELSEWHERE =
  /^Cannot find module '(?:\.{0,2}\/|@angular\/|@hono\/|@testing-library\/|astro'|express'|hono'|next\/)/;

/** Errors that say nothing about a block. */
const isExpected = (language: Script['language'], code: number, message: string): boolean =>
  (code === 2307 && ELSEWHERE.test(message)) ||
  // Bundlers need no ending in the path of a file.
  code === 2834 ||
  code === 2835 ||
  // JavaScript has no way to say that a value is there, or which element was found.
  (/^jsx?$/.test(language) && (code === 18047 || code === 18048 || /on type 'Element'/.test(message))) ||
  // Hono takes handlers as text.
  (language === 'tsx' && /^ *Property 'onclick' does not exist/m.test(message));

/** Whose JSX a page has. Hono's is not installed, and takes the same attributes as Preact's. */
const jsxOf = (file: string): string => {
  if (file.endsWith('solid.md')) return 'solid-js';
  return file.endsWith('hono.md') ? 'preact' : 'react';
};

const SETTINGS: ts.CompilerOptions = {
  allowJs: true,
  checkJs: true,
  jsx: ts.JsxEmit.Preserve,
  noImplicitAny: false,
  noImplicitThis: false,
  noUncheckedSideEffectImports: false,
};

/** The faults of the scripts in blocks, a line each. */
export const faultsOfTypes = (blocks: readonly PlacedBlock[]): readonly string[] => {
  const scripts = blocks.flatMap((block) =>
    scriptsIn(block)
      .filter(({ language }) => language !== 'json')
      .map((script) => ({ block, script })),
  );
  const named = new Map(
    scripts.map(({ block, script }, at) => [`block-${at}.${script.language}`, { block, script }]),
  );
  const texts = [...named].map(([name, { block, script }]): [string, string] => {
    const text = script.text.replace(/(?<=[{,]\s*)…(?=[,\s])/g, '..._').replaceAll('…', '_');
    return [name, `/** @jsxImportSource ${jsxOf(block.file)} */ ${text}\nexport {};\n`];
  });
  return compileTexts(new Map([['globals.d.ts', globalsOf()], ...texts]), SETTINGS).flatMap(
    ({ name, line, code, message }) => {
      const { block, script } = named.get(name) ?? {};
      if (!block || !script) return `${name}: ${message}`;
      if (isExpected(script.language, code, message)) return [];
      return `${block.file}:${block.line + script.line + line}: ${message}`;
    },
  );
};
