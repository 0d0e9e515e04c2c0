import { describe, expect, it } from 'vitest';
import { anchorOf } from '../docs/.vitepress/pages.mjs';
import { exampleOf, makePages, readOptions } from '../scripts/reference/pages.js';
import { ALERTS } from '../src/proxy/telling/alerts.js';
import { compileTexts } from './support/compile.js';

const OPTIONS = readOptions().flat();

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

  it('says what each alert means, and its repair', () => {
    expect(Object.keys(ALERTS).length).toBeGreaterThan(20);
    for (const { means, repair } of Object.values(ALERTS)) {
      expect(means).toMatch(/\.$/);
      expect(repair).toMatch(/\.$/);
    }
  });

  it('gives every entry an anchor of its own', () => {
    for (const { path, text } of makePages()) {
      const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
      expect(anchors.length, path).toBeGreaterThan(3);
      expect(new Set(anchors).size, path).toBe(anchors.length);
    }
  });
});
