/** The reference describes every option completely, and its examples compile. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorOf } from '../docs/.vitepress/pages.mjs';
import { exampleOf, makePages, readOptions } from '../scripts/reference/pages.js';
import type { Flags } from '../src/proxy/cli/flag-kinds.js';
import { FLAGS } from '../src/proxy/cli/flag-table.js';
import { flagOf, PROCESS, type Setting, SITE } from '../src/proxy/cli/settings.js';
import { ALERTS } from '../src/proxy/telling/alerts.js';
import { compileTexts } from './support/compile.js';

const OPTIONS = readOptions().flat();

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));

const HELP = readFileSync('src/proxy/cli/main.ts', 'utf8').split('const HELP = `')[1]?.split('`;')[0] ?? '';

/** The compiler's errors in code that imports the package's own sources. */
const complaintsOf = (texts: readonly string[]): readonly string[] => {
  const named = new Map(texts.map((text, at) => [`example-${at}.ts`, text]));
  return compileTexts(named).map(({ name, message }) => `${named.get(name)}\n${message}`);
};

describe('the reference', () => {
  it('has the options of every entry', () => {
    expect(OPTIONS.length).toBeGreaterThan(70);
  });

  it('has the meaning, type, default, range and an example of each option', () => {
    const lacking = OPTIONS.flatMap(({ source, option }) => {
      const { name, says, type, isRequired, fallback, range, example } = option;
      const told = { says, type, default: isRequired ? 'required' : fallback, range, example };
      const missing = Object.entries(told).flatMap(([what, text]) => (text ? [] : what));
      return missing.length ? [`${source.name}.${name} lacks ${missing.join(', ')}`] : [];
    });
    expect(lacking).toEqual([]);
  });

  it('shows examples that compile, and would notice one that does not', { timeout: 120_000 }, () => {
    const texts = OPTIONS.map((each) => `${each.source.before ?? ''}\n${exampleOf(each)}\nexport {};\n`);
    const wrong =
      "import { createOfferTracker } from 'offersight';\ncreateOfferTracker({ repeat: 'twice' });";
    expect(complaintsOf([...texts, wrong])).toEqual([expect.stringContaining(`"twice"`)]);
  });

  it('has every alert: no room writes an alert of its own', () => {
    const raised = filesBelow('src/proxy').flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\b(?:alert|raise)\(\s*(['"`].*)/g)].map(
        ([, words]) => `${file}: ${words}`,
      ),
    );
    expect(raised).toEqual([]);
    expect(Object.keys(ALERTS).length).toBeGreaterThan(20);
    for (const { means, repair } of Object.values(ALERTS)) {
      expect(means).toMatch(/\.$/);
      expect(repair).toMatch(/\.$/);
    }
  });

  it('has every flag that the help names, and no other', () => {
    const named = [...new Set([...HELP.matchAll(/--([a-z][a-z-]*)/g)].map(([, name]) => name))];
    const known = [...new Set(Object.values(FLAGS).flatMap((flags) => Object.keys(flags)))];
    expect(named.filter((name) => name !== 'version').sort()).toEqual(known.sort());
    const texts = Object.values<Flags>(FLAGS).flatMap((flags) =>
      Object.values(flags).flatMap(({ says, fallback, range }) => [says, fallback, range]),
    );
    expect(texts.filter((text) => !text.trim())).toEqual([]);
    for (const flags of Object.values<Flags>(FLAGS))
      for (const { type, example } of Object.values(flags)) expect(example !== '').toBe(type === 'string');
  });

  it('has the defaults that the help names', () => {
    const fallbacks = Object.values<Flags>(FLAGS).flatMap((flags) =>
      Object.entries(flags).map(([name, { fallback }]) => ({ name, numbers: fallback.split(/[^\d.]+/) })),
    );
    const named = [...HELP.matchAll(/--([a-z-]+) (\d[\d.]*)(?= |$)/gm)];
    const wrong = named.filter(
      ([, flag, value = '']) =>
        !fallbacks.some(({ name, numbers }) => name === flag && numbers.includes(value)),
    );
    expect(wrong.map(([text]) => text)).toEqual([]);
    expect(named.length).toBeGreaterThan(10);
  });

  it('has a flag for every setting of the proxy', () => {
    const settings = Object.entries<Setting>({ ...PROCESS, ...SITE });
    const flags = settings.map(([name]) => flagOf(name));
    expect(Object.keys(FLAGS.proxy).sort()).toEqual(flags.sort());
    for (const [name, { kind }] of settings)
      expect((FLAGS.proxy as Flags)[flagOf(name)]?.type, name).toBe(kind === 'flag' ? 'boolean' : 'string');
  });

  it('gives every entry an anchor of its own', () => {
    for (const { path, text } of makePages()) {
      const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
      expect(anchors.length, path).toBeGreaterThan(3);
      expect(new Set(anchors).size, path).toBe(anchors.length);
    }
  });
});
