import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { offerAttributes } from '../../../src/client/attributes.js';
import { TAG } from '../../../src/client/later/debug/attribute-mistakes.js';
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
