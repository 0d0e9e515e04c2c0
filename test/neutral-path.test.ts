/** Filter lists look for words in paths. A reader who copies an example of ours should not be on one. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Words that the well-known filter lists have rules for. */
const FILTERED =
  /track|analytic|collect|beacon|pixel|telemetr|metric|stat|log|adv|ads?\b|banner|promo|sponsor/i;

/** The path that a page posts to, in markup, in a script or in a server's routes. */
const ENDPOINTS = [/data-endpoint="([^"]+)"/g, /\bendpoint: '([^']+)'/g, /\.post\('([^']+)'/g];

const endpointsIn = (text: string): string[] =>
  ENDPOINTS.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));

const EXAMPLES = [
  'README.md',
  ...readdirSync('docs').map((name) => `docs/${name}`),
  ...readdirSync('demo/shop').map((name) => `demo/shop/${name}`),
].filter((file) => /\.(md|ts|js)$/.test(file));

test('no example posts to a path that filter lists drop (fault 21)', () => {
  const endpoints = EXAMPLES.flatMap((file) => endpointsIn(readFileSync(file, 'utf8')));
  expect(endpoints).toContain('/offer-events');
  expect(endpoints.filter((path) => FILTERED.test(path))).toEqual([]);
  expect(endpointsIn('<script data-endpoint="/track/offers">').filter((path) => FILTERED.test(path))).toEqual(
    ['/track/offers'],
  );
});
