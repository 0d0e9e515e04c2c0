/** The inspector's table of options lists every option that exists. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { ResolvedOptions } from '../../src/client/options.js';
import { SETTINGS, settingsOf } from '../../src/tools/inspector/settings.js';

/** `data-…` → option, as the script file's table has it. */
const attributesOfScript = (): Record<string, string> => {
  const source = ts.createSourceFile(
    'script.ts',
    readFileSync('src/script.ts', 'utf8'),
    ts.ScriptTarget.ES2022,
  );
  const found: Record<string, string> = {};
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.name.getText(source) === 'ATTRIBUTES' && node.initializer)
      for (const property of (node.initializer as ts.ObjectLiteralExpression).properties) {
        const name = property.name?.getText(source).replaceAll("'", '') ?? '';
        const [, option] = ((property as ts.PropertyAssignment).initializer as ts.ArrayLiteralExpression)
          .elements;
        found[name] = option ? option.getText(source).replaceAll("'", '') : name;
      }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

describe('the options that the inspector lists', () => {
  it('say that the browser denied consent, if the page respects its signal', () => {
    const originOf = (respectGpc: boolean) =>
      settingsOf({
        endpoint: '/offer-events',
        consent: 'denied',
        respectGpc,
      } as unknown as ResolvedOptions).find(({ name }) => name === 'consent')?.origin;
    Object.defineProperty(navigator, 'globalPrivacyControl', { value: true, configurable: true });
    expect([originOf(true), originOf(false)]).toEqual([
      'Global Privacy Control of the browser',
      'code of the page',
    ]);
    Reflect.deleteProperty(navigator, 'globalPrivacyControl');
  });

  it('show a subject only if it is opaque, since what is copied goes to others', () => {
    const shown = (subject?: string) =>
      settingsOf({ endpoint: '/offer-events', subject } as unknown as ResolvedOptions).find(
        ({ name }) => name === 'subject',
      )?.value;
    expect([shown('user-1'), shown('jane@shop.example'), shown()]).toEqual(['user-1', 'not valid', 'nobody']);
  });

  it('are all that a script tag can set, under the attributes that it has', () => {
    const listed = Object.entries(SETTINGS).flatMap(([option, [, attribute]]) =>
      attribute === undefined ? [] : [[attribute, option]],
    );
    expect(Object.fromEntries(listed)).toEqual(attributesOfScript());
  });
});
