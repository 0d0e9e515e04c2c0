/** The page that lists what changed in the API shows each change, also one of a line that stands elsewhere as well. */
import { describe, expect, it } from 'vitest';
import { changesPage } from '../scripts/api-changes.mjs';

const report = (...declarations: readonly string[]): string =>
  `## API Report\n\n\`\`\`ts\n\n${declarations.map((each) => `// @public\n${each}\n`).join('\n')}\`\`\`\n`;
const changes = (before: string, after: string): string[] =>
  changesPage('0.1.0', [{ specifier: 'offersight', before, after }])
    .split('\n')
    .filter((line) => /^(?:[-+ ] |Nothing|This entry)/.test(line));

describe('the page of changes', () => {
  it('has what is new, what is gone and what differs', () => {
    const before = report(
      'export const one: () => void;',
      'export interface Two {\n    a: string;\n    b: string;\n}',
    );
    const after = report(
      'export interface Two {\n    a: string;\n    c: string;\n}',
      'export type Three = 3;',
    );
    expect(changes(before, after)).toEqual([
      ...['  Two', '-     b: string;', '+     c: string;'],
      ...['+ export type Three = 3;', '- export const one: () => void;'],
    ]);
  });

  it('has a line that was added though the declaration had the same line already', () => {
    const before = report('export interface One {\n    x: {\n        a: string;\n    };\n}');
    const after = report(
      'export interface One {\n    x: {\n        a: string;\n        a: string;\n    };\n}',
    );
    expect(changes(before, after)).toEqual(['  One', '+         a: string;']);
  });

  it('has a change of a value whose type has the same name', () => {
    const type = 'export type One = string;';
    expect(changes(report('export const One: 1;', type), report('export const One: 2;', type))).toEqual([
      ...['  One', '- export const One: 1;', '+ export const One: 2;'],
    ]);
  });

  it('names an entry that is new, one that is gone and one in which nothing changed', () => {
    const one = report('export const one: 1;');
    expect([changes('', one), changes(one, ''), changes(one, one)]).toEqual([
      ['This entry is new.'],
      ['This entry is gone.'],
      ['Nothing changed.'],
    ]);
  });
});
