import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OfferTracker, TrackerOptions } from '../../src/index.js';
import { settle } from '../support/runtime.js';

const { createOfferTracker } = vi.hoisted(() => ({ createOfferTracker: vi.fn() }));
vi.mock('../../src/index.js', () => ({ createOfferTracker }));

type Command = (tracker: OfferTracker) => unknown;
const page = window as unknown as { offersight?: { push(...commands: Command[]): void } };

let tag: HTMLScriptElement | null;
const tracker = {} as OfferTracker;
const reported = vi.fn();

beforeEach(() => {
  tag = document.createElement('script');
  delete page.offersight;
  createOfferTracker.mockReset().mockReturnValue(tracker);
  vi.spyOn(console, 'error').mockImplementation(reported.mockReset());
  Object.defineProperty(Document.prototype, 'currentScript', { configurable: true, get: () => tag });
});

afterEach(() => {
  Reflect.deleteProperty(Document.prototype, 'currentScript');
  vi.unstubAllGlobals();
});

const load = async (): Promise<void> => {
  vi.resetModules();
  await import('../../src/script.js');
};

const optionsFor = async (attributes: Readonly<Record<string, string>>): Promise<TrackerOptions> => {
  for (const [name, value] of Object.entries(attributes)) tag?.setAttribute(name, value);
  await load();
  return createOfferTracker.mock.calls[0]?.[0] as TrackerOptions;
};

/** What a tag has, and the options that it sets. */
const TAGS: readonly [attributes: Readonly<Record<string, string>>, options: object][] = [
  [{}, {}],
  [{ 'data-endpoint': '/offer-events' }, { endpoint: '/offer-events' }],
  [{ 'data-endpoint': '' }, { endpoint: '' }],
  [{ 'data-repeat': 'browser' }, { repeat: 'browser' }],
  [{ 'data-debug': '' }, { debug: true }],
  [{ 'data-debug': 'true' }, { debug: true }],
  [{ 'data-debug': 'false' }, { debug: false }],
  [{ 'data-ratio': '0.75', 'data-dwell': '2500' }, { viewability: { ratio: 0.75, dwellMs: 2_500 } }],
  [{ 'data-dwell': '0' }, { viewability: { dwellMs: 0 } }],
  [{ 'data-ratio': 'half' }, { viewability: { ratio: Number.NaN } }],
  [{ 'data-controls': '.away', 'data-escape': 'false' }, { dismissal: { controls: '.away', escape: false } }],
  [{ 'data-escape': '' }, { dismissal: { escape: true } }],
  [{ 'data-outbox': 'shop' }, { outbox: { name: 'shop' } }],
  [{ 'data-ignore': 'leave' }, { ignore: 'leave' }],
  [{ 'data-ignore': '30000' }, { ignore: '30000' }],
  [{ 'data-ignore': '0' }, { ignore: '0' }],
  [{ 'data-ignore': '' }, { ignore: '' }],
  [{ 'data-occlusion': '' }, { occlusion: true }],
  [{ 'data-occlusion': 'false' }, { occlusion: false }],
  [{ 'data-data-layer': '' }, { dataLayer: 'dataLayer' }],
  [{ 'data-data-layer': 'shopLayer' }, { dataLayer: 'shopLayer' }],
  [{ 'data-labels': 'Never,Not now' }, { dismissal: { labels: ['Never', 'Not now'] } }],
  [{ 'data-consent': 'denied' }, { consent: 'denied' }],
  [{ 'data-gpc': '' }, { respectGpc: true }],
  [{ 'data-subject': 'somebody' }, { subject: 'somebody' }],
  [{ 'data-subject': '' }, { subject: undefined }],
  [{ 'data-machines': 'ignore' }, { machines: 'ignore' }],
  [{ 'data-unknown': 'x', id: 'y' }, {}],
];

describe('the tag’s attributes', () => {
  test.each(TAGS)('%o', async (attributes, expected) => {
    await expect(optionsFor(attributes)).resolves.toEqual(expected);
  });

  test('have a row above, each that is read', async () => {
    const asked: string[] = [];
    const names = { includes: (name: string) => asked.push(name) < 0 } as unknown as string[];
    if (tag) tag.getAttributeNames = () => names;
    await load();
    const named = new Set(TAGS.flatMap(([attributes]) => Object.keys(attributes)));
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !named.has(name))).toEqual([]);
  });

  test('are missing if the tag is not known', async () => {
    tag = null;
    await expect(optionsFor({})).resolves.toEqual({});
  });
});

describe('commands', () => {
  const order: string[] = [];
  const command =
    (name: string): Command =>
    (given) => {
      expect(given).toBe(tracker);
      order.push(name);
    };

  beforeEach(() => void order.splice(0));

  test('pushed before the script came run when it comes, in their order', async () => {
    page.offersight = [command('one'), command('two')];
    await load();
    expect(order).toEqual(['one', 'two']);
  });

  test('pushed afterwards run at once', async () => {
    await load();
    page.offersight?.push(command('three'), command('four'));
    expect(order).toEqual(['three', 'four']);
  });

  test('that throw or reject are shown on the console, and those behind them run', async () => {
    const broken = new Error('broken');
    page.offersight = [
      command('one'),
      () => {
        throw broken;
      },
      command('two'),
      'no command' as unknown as Command,
      command('three'),
      () => Promise.reject(broken),
    ];
    await load();
    await settle();
    expect(order).toEqual(['one', 'two', 'three']);
    expect(reported.mock.calls).toEqual([[broken], [expect.any(TypeError)], [broken]]);
  });

  test('pushed by a command run too', async () => {
    page.offersight = [() => page.offersight?.push(command('inner')), command('outer')];
    await load();
    expect([...order].sort()).toEqual(['inner', 'outer']);
  });
});

test.each([
  [
    'of a module says once that it is a guess',
    'module',
    [['Offersight: The tag is a guess: leave type=module out.']],
  ],
  ['of a script says nothing', '', []],
])('the tag %s', async (_, type, said) => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  tag?.setAttribute('type', type);
  await optionsFor({ 'data-endpoint': '/offer-events' });
  expect(warn.mock.calls).toEqual(said);
});

describe('loaded twice', () => {
  test('it starts one tracker, and the queue stays that of the first', async () => {
    await load();
    const queue = page.offersight;
    await load();
    expect(createOfferTracker).toHaveBeenCalledTimes(1);
    expect(page.offersight).toBe(queue);
  });
});
