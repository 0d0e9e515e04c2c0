import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFakeTracker, type FakeTracker, type FakeTrackerOptions } from '../../src/testing.js';
import { find, render } from '../support/page.js';
import { PATIENCE_MS } from '../support/patience.js';
import { settle } from '../support/runtime.js';

let fake: FakeTracker;

const start = (options?: FakeTrackerOptions): FakeTracker => {
  fake = createFakeTracker(options);
  return fake;
};

const told = (): string[] => fake.events.map(({ type, offerId }) => `${type} ${offerId}`);

const OFFER =
  '<article data-offer-id="a" data-offer-expires="4102444800"><button data-offer-dismiss></button><i data-offer-accept></i></article>';

beforeEach(() => {
  document.body.innerHTML = '';
});

afterEach(() => {
  fake.stop();
});

describe('a user of the fake tracker', () => {
  test('sees an offer, which is recorded as the tracker would', () => {
    render(OFFER);
    start().see('a');
    expect(fake.events).toEqual([
      {
        type: 'viewed',
        id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
        offerId: 'a',
        impressionId: expect.any(String),
        occurredAt: expect.any(Number),
        expiresAt: 4_102_444_800_000,
      },
    ]);
  });

  const see = (): void => fake.see('a');
  const close = (): void => fake.close('a');
  const press = (selector: string) => (): void => find(selector).click();
  const veto = (): void =>
    find('article').addEventListener('offersight:viewed', (event) => event.preventDefault());
  const again = (): void => fake.see(render(OFFER));
  const BOTH = ['viewed a', 'dismissed a'];

  test.each<[what: string, options: FakeTrackerOptions, acts: (() => void)[], ...expected: string[]]>([
    ['sees what was rendered in this very task, by its element too', {}, [again, see], 'viewed a'],
    ['closes an offer, which proves that it was seen', {}, [close], ...BOTH],
    ['presses the page’s own marked controls', {}, [press('button'), press('button')], ...BOTH],
    [
      'accepts an offer, which nothing closes any more',
      {},
      [press('i'), press('button'), close, () => fake.dismiss('a')],
      'viewed a',
    ],
    ['sees an offer once a page view', {}, [see, () => render(`${OFFER}${OFFER}`), see], 'viewed a'],
    ['sees it again after a clear', {}, [see, () => fake.clear(), see], 'viewed a'],
    [
      'sees it at each mount if that is asked for',
      { repeat: 'mount' },
      [again, again],
      'viewed a',
      'viewed a',
    ],
    ['may be vetoed by the page', {}, [veto, close]],
  ])('%s', (_, options, acts, ...expected) => {
    render(OFFER);
    start(options);
    for (const act of acts) act();
    expect(told()).toEqual(expected);
  });

  test('closes an offer for a reason, as a part of its impression', () => {
    render(OFFER);
    start().close('a', 'escape');
    expect(fake.events[1]).toMatchObject({ reason: 'escape', impressionId: fake.events[0]?.impressionId });
  });

  const DIALOG = '<div role="dialog"><p data-offer-id="a"></p><button aria-label="Close">×</button></div>';
  const pressEscape = (): void =>
    void document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));

  test.each<readonly [string, () => void, string]>([
    [
      'a close control without a mark',
      () => find('button').click(),
      "Call close('a', 'control') in the test.",
    ],
    ['Escape', pressEscape, "Call close('a', 'escape') in the test."],
  ])('is reminded that the fake tracker does not infer closing by %s', async (_, closing, words) => {
    const warn = vi
      .spyOn(console, 'warn')
      .mockReset()
      .mockImplementation(() => undefined);
    const dialog = render(DIALOG);
    start();
    closing();
    dialog.remove();
    await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(expect.stringContaining(words)), PATIENCE_MS);
    expect(told()).toEqual([]);
  });

  test('is not reminded of what the test closes, or removes by itself', async () => {
    const warn = vi
      .spyOn(console, 'warn')
      .mockReset()
      .mockImplementation(() => undefined);
    render(`${DIALOG}<i data-offer-id="b"></i>`);
    start();
    find('button').click();
    fake.close('a');
    find('div').remove();
    find('i').remove();
    await settle();
    expect(warn).not.toHaveBeenCalled();
    expect(told()).toEqual(['viewed a', 'dismissed a']);
  });

  test('says which environment has a document, if there is none', () => {
    vi.stubGlobal('document', undefined);
    try {
      expect(start).toThrow("environment: 'jsdom'");
    } finally {
      vi.unstubAllGlobals();
    }
    start();
  });

  test('cannot see, nor close, what no element shows', () => {
    start();
    for (const act of [() => fake.see('a'), () => fake.close('a'), () => fake.see(document.body)])
      expect(act).toThrow(expect.objectContaining({ name: 'OffersightError', code: 'configuration' }));
    render('<p data-offer-id="no id"><button data-offer-dismiss="no id either"></button></p>');
    for (const act of [() => fake.see('no id'), () => fake.close('no id')])
      expect(act).toThrow('No offer id: no id');
    find('button').click();
    fake.dismiss('no id');
    expect(told()).toEqual([]);
  });
});

describe('a decision by only the id', () => {
  const SIGNED = '<article data-offer-id="a" data-offer-expires="4102444800" data-offer-token="t"></article>';
  const terms = () => fake.events.map(({ type, expiresAt, token }) => [type, expiresAt, token]);
  const BOTH = ['viewed', 'dismissed'].map((type) => [type, 4_102_444_800_000, 't']);

  test('has the token and the expiry of what shows the offer, also of what was rendered in this very task', () => {
    start();
    const element = render(SIGNED);
    const targets: (EventTarget | null)[] = [];
    element.addEventListener('offersight:dismissed', ({ target }) => targets.push(target));
    fake.dismiss('a');
    expect(terms()).toEqual(BOTH);
    expect(targets).toEqual([element]);
    render(SIGNED.replaceAll('"a"', '"b"'));
    fake.accept('b');
    expect(terms()).toEqual([...BOTH, BOTH[0]]);
  });

  test('has those of what showed it last, until a new page view begins', () => {
    render(SIGNED);
    start();
    document.body.innerHTML = '';
    fake.dismiss('a');
    expect(terms()).toEqual(BOTH);
    fake.clear();
    fake.dismiss('a');
    expect(terms()).toEqual([
      ['viewed', undefined, undefined],
      ['dismissed', undefined, undefined],
    ]);
  });

  test('has no effect once the fake is stopped', () => {
    render(SIGNED);
    start().stop();
    fake.dismiss('a');
    fake.accept('a');
    expect(fake.events).toEqual([]);
  });
});

describe('the fake tracker', () => {
  test('keeps what happens while consent is pending, and forgets it when that is denied', () => {
    render(OFFER);
    const heard: unknown[] = [];
    start({ consent: 'pending', onEvent: ({ type }, isDurable) => heard.push([type, isDurable]) });
    fake.see('a');
    expect(told()).toEqual([]);
    fake.consent('granted');
    expect([told(), heard]).toEqual([['viewed a'], [['viewed', true]]]);
    fake.consent('denied');
    fake.close('a');
    expect(told()).toEqual([]);
  });

  test('gives events to who had the page', () => {
    render(OFFER);
    start().subject('somebody');
    fake.see('a');
    expect(fake.events[0]?.subject).toBe('somebody');
  });

  test('watches an element given by hand, until it is stopped', () => {
    start();
    const stop = fake.observe(render('<p></p>'), { id: 'b', token: 't' });
    fake.see('b');
    expect(fake.events[0]).toMatchObject({ offerId: 'b', token: 't' });
    stop();
    expect(() => fake.see('b')).toThrow('No element shows the offer b');
  });

  test('reports what happened to each offer', async () => {
    render(OFFER);
    start().close('a');
    await fake.flush();
    expect((await fake.stats()).offers).toEqual({ a: { rendered: 1, viewed: 1, dismissed: 1, accepted: 0 } });
  });

  test('finds offers in open shadow trees, and in each other', () => {
    const host = render('<div></div>');
    const inner = document.createElement('div');
    host.attachShadow({ mode: 'open' }).append(inner);
    inner.attachShadow({ mode: 'open' }).innerHTML = OFFER;
    start().see('a');
    inner.shadowRoot?.querySelector('button')?.click();
    expect(told()).toEqual(['viewed a', 'dismissed a']);
  });

  test('watches only elements and trees', () => {
    start();
    const stop = fake.observe(document.createTextNode('') as unknown as Element);
    render(OFFER);
    find('button').click();
    stop();
    expect(told()).toEqual(['viewed a', 'dismissed a']);
  });

  test('hears nothing, and does nothing, once it is stopped', () => {
    render(OFFER);
    start().stop();
    find('button').click();
    fake.dismiss('a');
    fake.accept('a');
    fake.observe(find('article'), { id: 'a' });
    expect(told()).toEqual([]);
  });
});
