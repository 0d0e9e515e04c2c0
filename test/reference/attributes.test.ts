/** Every attribute that the browser's half reads is in the reference. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makePages } from '../../scripts/reference/pages.js';
import { TAG } from '../../src/client/later/debug/attribute-mistakes.js';
import { attributesNamedIn } from '../support/attribute-reads.js';

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));

/** Those that read pages. What checks them names the same. */
const FILES = [...filesBelow('src/client'), 'src/script.ts', 'src/script-tag.ts'].filter(
  (file) => !file.includes('/debug/'),
);

/** A key of a table that is an attribute only with more in front of it. */
const isPart = (name: string): boolean => name === 'data-layer';

const READ = [
  ...new Set(FILES.flatMap((file) => attributesNamedIn(file, readFileSync(file, 'utf8')))),
].filter((name) => !isPart(name));

const page = makePages().find(({ path }) => path.endsWith('/attributes.md'))?.text ?? '';

describe('the attributes of the reference', () => {
  it('are all that the code reads', () => {
    expect(READ.filter((name) => !new RegExp(`(?:^### |\`)${name}(?:$|\`)`, 'm').test(page))).toEqual([]);
    expect(READ).toEqual(
      expect.arrayContaining([
        'data-offer-id',
        'data-offer-ratio',
        'data-offer-ignore',
        'data-offer-accept',
        'data-offer-dismiss',
        'data-gpc',
        'data-data-layer',
        'data-bs-dismiss',
      ]),
    );
  });

  it('are only those that the code reads', () => {
    const named = [...page.matchAll(/^### (data-\S+)$/gm)].map(([, name = '']) => name);
    expect(named.filter((name) => !READ.includes(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(24);
  });

  it('are also on the page about the tracker', () => {
    const tracker = readFileSync('docs/tracker.md', 'utf8');
    const ours = READ.filter((name) => name.startsWith('data-offer-') || TAG.includes(name));
    expect(ours.length).toBeGreaterThan(24);
    expect(ours.filter((name) => !tracker.includes(`\`${name}\``))).toEqual([]);
  });

  it('would be missed: a string, a selector, a table and a function are read, and comments are not', () => {
    const text = [
      '// `data-comment`',
      "const MARK = 'data-offer-string';",
      "element.matches('[data-offer-selector]');",
      "const TABLE = { 'one-key': 1, other: 2 };",
      `for (const [name] of Object.entries(TABLE)) tag.getAttribute(\`data-\${name}\`);`,
      `const read = (name) => element.getAttribute(\`data-offer-\${name}\`);`,
      "read('called');",
    ].join('\n');
    expect([...attributesNamedIn('a.ts', text)].sort()).toEqual([
      'data-offer-called',
      'data-offer-selector',
      'data-offer-string',
      'data-one-key',
      'data-other',
    ]);
    expect(() => attributesNamedIn('a.ts', `tag.getAttribute(\`data-\${unknown}\`);`)).toThrow('unknown');
  });
});
