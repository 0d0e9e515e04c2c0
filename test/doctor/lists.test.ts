/** What filter lists say of our own names, and of others. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinLists, loadLists, readListFiles } from '../../src/tools/doctor/lists/engine.js';
import { requestsOf } from '../../src/tools/doctor/lists/names.js';
import { smallList } from '../../src/tools/doctor/lists/small.js';
import { DEFAULT_ENDPOINT } from '../../src/tools/doctor/naming.js';
import { PAGE, seen } from './seen.js';

const filterOf = (path: string): string | undefined =>
  smallList.blocks({ url: new URL(path, PAGE).href, type: 'script' }, PAGE)?.filter;

const DOCS = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
].filter((file) => file.endsWith('.md') && !file.includes('/node_modules/'));
const TEXT = DOCS.map((file) => readFileSync(file, 'utf8')).join('\n');
const matches = (pattern: RegExp): string[] => [
  ...new Set([...TEXT.matchAll(pattern)].map(([, name = '']) => name)),
];

describe('our own names', () => {
  it('are on no filter: files, default endpoint, and endpoints of the documents', () => {
    const files = readdirSync('dist').filter((name) => /^offersight.*\.js$/.test(name));
    expect(files.length).toBeGreaterThan(3);
    const endpoints = matches(/(?:data-endpoint="|endpoint: '|\.post\(')(\/[^"']*)/g);
    expect(endpoints).toContain(DEFAULT_ENDPOINT);
    const paths = [
      ...files.map((name) => `/${name}`),
      '/offersight.0a1b2c3d.js',
      DEFAULT_ENDPOINT,
      ...endpoints,
    ];
    expect(paths.filter((path) => filterOf(path) !== undefined)).toEqual([]);
  });

  it('are on no filter: classes, ids and attributes of the documents', () => {
    const classes = matches(/\bclass(?:Name)?="([^"{]+)"/g).flatMap((names) => names.split(' '));
    const ids = matches(/\sid="([^"{]+)"/g);
    const attributes = matches(/\b(data-offer-[a-z]+)/g);
    expect(attributes.length).toBeGreaterThan(5);
    const names = [...classes, ...attributes].map((name) => `.${name}`).concat(ids.map((id) => `#${id}`));
    expect(smallList.hides(names, PAGE)).toEqual([]);
  });
});

describe('the small list', () => {
  it.each([
    '/push/offer/events',
    '/aff_i?offer_id=1',
    '/click?pid=7&offer_id=1',
    '/api/v1/impressions',
    '/impressions?page=1',
    '/ahoy/events',
    '/event-log?x',
    '/events/view?x',
    '/track',
    '/v1/tracking/offersight.js',
    '/analytics.js',
    '/collect',
    '/ads/offer-events',
  ])('blocks %s', (path) => {
    expect(filterOf(path)).toBeDefined();
  });

  it.each([
    '/collections/offersight.js',
    '/uploads/offersight.js',
    '/events/views',
    '/tracks',
    '/statistics',
    '/headset',
  ])('leaves %s alone', (path) => {
    expect(filterOf(path)).toBeUndefined();
  });

  it('hides by whole names', () => {
    const names = [
      '.promoAd',
      '.promoAdTop',
      '.ad-promo',
      '.overlay-content-promotion',
      '#ad-1',
      '.header',
      '.adjust',
      '.offer',
    ];
    expect(smallList.hides(names, PAGE)).toEqual([
      '[class~="promoAd"]',
      '[class~="promoAdTop"]',
      '[class~="ad-promo"]',
      '[class~="overlay-content-promotion"]',
      '[id="ad-1"]',
    ]);
  });
});

describe('lists of a folder', () => {
  it('are read by the engine, each by its name, with what they except', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'offersight-lists-'));
    await writeFile(
      join(folder, 'one.txt'),
      '[Adblock Plus 2.0]\n/counted/*$script\n@@/counted/offersight.js\n',
    );
    await writeFile(
      join(folder, 'two.txt'),
      '! Title: two\n||shop.example/posted^$xmlhttprequest\n##.teaser\n',
    );
    const lists = joinLists(smallList, await loadLists(readListFiles(folder)));
    await rm(folder, { recursive: true });
    expect(lists.blocks({ url: `${PAGE}counted/x.js`, type: 'script' }, PAGE)).toEqual({
      filter: '/counted/*$script',
      list: 'one.txt',
    });
    expect(lists.blocks({ url: `${PAGE}counted/offersight.js`, type: 'script' }, PAGE)).toBeUndefined();
    expect(lists.blocks({ url: `${PAGE}posted`, type: 'xmlhttprequest' }, PAGE)?.list).toBe('two.txt');
    expect(lists.blocks({ url: `${PAGE}posted`, type: 'script' }, PAGE)).toBeUndefined();
    expect(lists.hides(['.teaser', '.promoAd'], PAGE)).toEqual(['[class~="promoAd"]', '.teaser']);
  });

  it('are missed in words if there are none', () => {
    expect(() => readListFiles('docs/start')).toThrow('docs/start has no .txt file');
  });
});

it('each address of a deployment is asked about once', () => {
  expect(requestsOf(seen()).map(({ url }) => url)).toEqual([`${PAGE}offersight.js`, `${PAGE}offer-events`]);
});
