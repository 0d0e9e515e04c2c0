/** The examples of the reference compile. `npm run reference -- --check` fails if its pages are not what the code says. */
import { expect, it } from 'vitest';
import { exampleOf, readOptions } from '../scripts/reference/pages.js';
import { compileTexts } from './support/compile.js';

it('the examples of every option compile, and one that does not is noticed', { timeout: 120_000 }, () => {
  const texts = readOptions()
    .flat()
    .map((each) => `${each.source.before ?? ''}\n${exampleOf(each)}\nexport {};\n`);
  expect(texts.length).toBeGreaterThan(70);
  const wrong = "import { createOfferTracker } from 'offersight';\ncreateOfferTracker({ repeat: 'twice' });";
  const named = new Map([...texts, wrong].map((text, at) => [`example-${at}.ts`, text]));
  const faults = compileTexts(named).map(({ name, message }) => `${named.get(name)}\n${message}`);
  expect(faults).toEqual([expect.stringContaining(`"twice"`)]);
});
