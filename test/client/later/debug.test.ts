import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { offerAttributes } from '../../../src/client/attributes.js';
import {
  mistakeOf,
  TAG,
  tagNameMistakeOf,
  tagValueMistakesOf,
} from '../../../src/client/later/debug/attribute-mistakes.js';
import { createChecking } from '../../../src/client/later/debug/checking.js';
import { render } from '../../support/page.js';
import { PATIENCE_MS } from '../../support/patience.js';

const found: string[] = [];
let stop = (): void => undefined;

const check = (): void => {
  stop = createChecking(
    () => [document],
    (words) => found.push(words),
  );
};

afterEach(() => {
  stop();
  found.length = 0;
});

describe('no attribute that is ours is called a mistake', () => {
  test('each attribute of the script tag is known', () => {
    const [, table = ''] = readFileSync('src/script.ts', 'utf8').split('const ATTRIBUTES');
    const names = [...(table.split('\n};')[0] ?? '').matchAll(/^ {2}'?([\w-]+)'?: \[/gm)].map(
      ([, name]) => name,
    );
    // It sets no option.
    names.push('files');
    expect(names.map((name) => `data-${name}`).sort()).toEqual([...TAG].sort());
    const good = { repeat: 'page', machines: 'count' } as Readonly<Record<string, string>>;
    const attributes = names.map((name) => `data-${name}="${good[name ?? ''] ?? ''}"`);
    render(
      `<script type="text/plain" src="/offersight.js" ${attributes.join(' ')} data-end-point=""></script>`,
    );
    check();
    expect(found).toEqual(['data-end-point is unknown. Did you mean data-endpoint?']);
  });

  test('each attribute of an offer is known', () => {
    const settings = {
      id: 'a',
      ratio: 0.5,
      dwellMs: 1_500,
      repeat: 'mount',
      ignore: 'leave',
      token: 't',
      expiresAt: 2e12,
    };
    const element = document.createElement('p');
    for (const [name, text] of Object.entries(
      offerAttributes(settings as Parameters<typeof offerAttributes>[0]),
    ))
      element.setAttribute(name, text ?? '');
    expect(element.getAttributeNames()).toHaveLength(7);
    render('<main></main>');
    document.body.append(element);
    check();
    expect(found).toEqual([]);
  });
});

test('what templates write for nothing is what the proxy refuses', () => {
  const [, list = ''] =
    /NOTHING = new Set\(\[(.*)\]\)/.exec(readFileSync('src/protocol/decode.ts', 'utf8')) ?? [];
  const words = [...list.matchAll(/'(\w+)'/g)].map(([, word]) => word);
  expect(words.length).toBeGreaterThan(2);
  render(words.map((word) => `<p data-offer-id="${word}"></p>`).join(''));
  check();
  expect(found).toEqual(
    words.map(
      (word) => `data-offer-id="${word}" is what a template writes for nothing; the proxy refuses it.`,
    ),
  );
});

test.each([
  ['data-offer-ids', 'a', 'data-offer-ids is unknown. Did you mean data-offer-id?'],
  ['data-offerid', 'a', 'data-offerid is unknown. Did you mean data-offer-id?'],
  ['data-ofer-id', 'a', 'data-ofer-id is unknown. Did you mean data-offer-id?'],
  ['data-offer-id', '{{ id }}', 'is not the id of a personalized offer, so the element is not an offer yet.'],
  ['data-offer-repeat', 'daily', 'is not page, mount or browser; it counts once a page view.'],
  [
    'data-offer-expires',
    'next week',
    'is not a time: give epoch seconds or an ISO date; without one the offer',
  ],
  ['data-offer-ratio', '50', 'is not a share from 0 to 1; the page’s own counts.'],
  ['data-offer-dwell', '2s', 'is read as 2 milliseconds.'],
  ['data-offer-dwell', '2', 'is in milliseconds; for seconds write 2000.'],
  ['data-offer-dwell', 'long', 'is not a number of milliseconds; the page’s own counts.'],
  ['data-offer-ignore', 'hidden', 'is not off, leave or a number of milliseconds; the page’s own counts.'],
  ['data-offer-group', 'a b', 'is not a group of 1–50 letters'],
])('%s="%s" is a mistake', (name, value, words) => {
  expect(mistakeOf(name, value)).toContain(words);
});

test.each(
  Object.entries({
    ...{ 'data-off': 'x', 'data-offset': '3', 'data-id': 'a', 'data-order-id': '7', 'data-offer-price': '9' },
    ...{
      'data-product-offer': 'x',
      'data-offer-accept': 'a',
      'data-offer-dismiss': '',
      'data-offer-id': ' b ',
    },
    ...{ 'data-offer-repeat': 'mount', 'data-offer-ignore': 'leave', 'data-offer-token': 't' },
    ...{ 'data-offer-ratio': '.3', 'data-offer-expires': '2030-01-01', 'data-offer-dwell': '1500' },
  }),
)('%s="%s" is right, or somebody else’s', (name, value) => {
  expect(mistakeOf(name, value)).toBeUndefined();
});

test('mistakes of the tag are told from attributes of others', () => {
  expect(tagNameMistakeOf('data-end-point')).toBe('data-end-point is unknown. Did you mean data-endpoint?');
  expect(tagNameMistakeOf('data-repeats')).toBe('data-repeats is unknown. Did you mean data-repeat?');
  for (const name of ['data-cfasync', 'data-src', 'data-gtm', 'data-dwell', 'async'])
    expect(tagNameMistakeOf(name)).toBeUndefined();
  const tag: Readonly<Record<string, string>> = {
    'data-repeat': 'daily',
    'data-machines': 'all',
    'data-dwell': '1',
  };
  expect(tagValueMistakesOf((name) => tag[name] ?? null)).toEqual([
    'data-dwell="1" is in milliseconds; for seconds write 1000.',
    'data-machines="all" is not ignore or count.',
    'data-repeat="daily" is not page, mount or browser; offers count once a page view.',
  ]);
});

test('nothing is looked at once it is stopped', async () => {
  render('<main></main>');
  check();
  stop();
  const others: string[] = [];
  stop = createChecking(
    () => [document],
    (words) => others.push(words),
  );
  document.querySelector('main')?.append(Object.assign(document.createElement('p'), { id: 'late' }));
  document.querySelector('#late')?.setAttribute('data-offer-ids', 'a');
  // One that goes on finds it.
  await vi.waitFor(() => expect(others).toHaveLength(1), PATIENCE_MS);
  expect(found).toEqual([]);
});
