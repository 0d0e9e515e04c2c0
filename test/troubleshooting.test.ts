/** The pages that help when something does not work quote the messages of the code, and no others. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const PAGE = readFileSync('docs/troubleshooting.md', 'utf8');
const ERRORS = readFileSync('docs/errors.md', 'utf8');

interface Message {
  readonly code: string;
  /** The message behind the code, up to the first part that differs from case to case. */
  readonly words: string;
  /** The rest of it, behind such parts. */
  readonly end: string;
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });

/** Every message that the browser's side can show. */
const MESSAGES: readonly Message[] = filesBelow('src/client').flatMap((file) => {
  const found: Message[] = [];
  const read = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText() === 'OffersightError') {
      const [code, hint] = node.arguments ?? [];
      if (code && hint && ts.isStringLiteral(code)) {
        if (ts.isStringLiteralLike(hint)) found.push({ code: code.text, words: hint.text, end: '' });
        if (ts.isTemplateExpression(hint))
          found.push({
            code: code.text,
            words: hint.head.text,
            end: hint.templateSpans.at(-1)?.literal.text ?? '',
          });
      }
    }
    ts.forEachChild(node, read);
  };
  read(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true));
  return found;
});

/** The text under each message's heading. */
const HEADINGS = new Map(
  ERRORS.split(/\n##+ /)
    .slice(1)
    // The other headings are codes.
    .filter((part) => !/^[a-z]+\n/.test(part))
    .map((part): [string, string] => {
      const [heading = '', ...text] = part.split('\n');
      return [heading, text.join('\n')];
    }),
);

const isAbout =
  ({ words, end }: Message) =>
  (heading: string): boolean =>
    heading.startsWith(words.replace(/:? $/, '')) && heading.endsWith(end);

describe('each message of the browser', () => {
  it('is found in the sources', () => {
    expect(MESSAGES.length).toBeGreaterThan(10);
  });

  it.each(MESSAGES)('“$words” has a heading, and its code $code under it', (message) => {
    const headings = [...HEADINGS.keys()].filter(isAbout(message));
    expect(headings).not.toEqual([]);
    for (const heading of headings) expect(HEADINGS.get(heading)).toContain(`Code \`${message.code}\``);
  });

  it('is what every heading names', () => {
    const isNamed = (heading: string): boolean => MESSAGES.some((message) => isAbout(message)(heading));
    expect([...HEADINGS.keys()].filter((heading) => !isNamed(heading))).toEqual([]);
  });
});

describe('each code of an error', () => {
  it('has a heading, with its hints below it', () => {
    const codes = [...readFileSync('src/errors.ts', 'utf8').matchAll(/^ {2}\| '(\w+)'/gm)].map(
      ([, code]) => code,
    );
    expect(codes.length).toBeGreaterThan(3);
    const parts = new Map(
      ERRORS.split('\n## ')
        .slice(1)
        .map((part) => [part.split('\n')[0], part] as const),
    );
    expect([...parts.keys()].sort()).toEqual(codes.sort());
    for (const [code, part] of parts)
      for (const [, named] of part.matchAll(/^Code `(\w+)`/gm)) expect(named).toBe(code);
  });
});

describe('each code in the tables', () => {
  /** The first code of a row, in the column of that name. */
  const codesUnder = (title: string, column: number): string[] => {
    const [, part = ''] = PAGE.split(`\n### ${title}\n`);
    const [table = ''] = part.split('\n### ');
    return table
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .flatMap((line) => /^`(\w+)`$/.exec(line.split('|')[column]?.trim() ?? '')?.[1] ?? []);
  };
  const proxy = filesBelow('src/proxy')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');

  it('is one of the proxy’s problems if it belongs to a request', () => {
    const codes = codesUnder('Requests fail', 2);
    const problems = readFileSync('src/proxy/door/problem.ts', 'utf8');
    expect(codes.length).toBeGreaterThan(5);
    expect(codes.filter((code) => !problems.includes(`\n  ${code}: {`))).toEqual([]);
  });

  it('is one of the proxy’s verdicts if it belongs to an event', () => {
    const codes = codesUnder('Events are refused', 1);
    expect(codes.length).toBeGreaterThan(3);
    expect(codes.filter((code) => !proxy.includes(`code: '${code}'`))).toEqual([]);
  });
});
