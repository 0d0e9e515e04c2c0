import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { KeySeen, Observed, OperatorSeen } from '../../src/tools/doctor/observed.js';
import { judge } from '../../src/tools/doctor/rules/rules.js';
import { answer, browser, evidenceOf, found, offer, seen, served } from './seen.js';

const withOffers = (...offers: readonly ReturnType<typeof offer>[]): Observed =>
  seen({ browser: browser({ offers }) });

describe('offers', () => {
  it.each([
    ['', 'offer-without-id'],
    [' ', 'offer-without-id'],
    ['{{ offer.id }}', 'offer-placeholder'],
    [`\${offer.id}`, 'offer-placeholder'],
    ['{offer.id}', 'offer-placeholder'],
    ['undefined', 'offer-placeholder'],
    ['null', 'offer-placeholder'],
    ['[object Object]', 'offer-placeholder'],
    ['<%= offer.id %>', 'offer-placeholder'],
    ['PUT-THE-PRINTED-ID-HERE', 'offer-placeholder'],
    ['x'.repeat(51), 'offer-id-too-long'],
    ['somebody@shop.example', 'offer-id-unusable'],
  ])('that have the id “%s” are named', (id, name) => {
    expect(found(withOffers(offer('a52ge40b'), offer(id)))).toEqual([`error ${name}`]);
    expect(found(served({ offers: [offer(id)] }))).toEqual([`warning ${name}`]);
  });

  it('with blanks around an id, or one of 50 characters, are fine', () => {
    expect(found(withOffers(offer(' a52ge40b '), offer('x'.repeat(50))))).toEqual([]);
  });

  it('without a size are named, unless what they hold stands for them or they are hidden', () => {
    expect(found(withOffers(offer('a', { height: 0 })))).toEqual(['error offer-too-small']);
    expect(found(withOffers(offer('a', { width: 0, height: 0, display: 'empty contents' })))).toEqual([
      'error offer-too-small',
    ]);
    expect(found(withOffers(offer('a', { width: 0, height: 0, display: 'contents' })))).toEqual([]);
    const hidden = withOffers(offer('a', { width: 0, height: 0, hiddenBy: '<div.modal> by display: none' }));
    expect(found(hidden)).toEqual(['note offer-hidden']);
    expect(evidenceOf(hidden)).toContain('<div.modal> by display: none');
  });

  it('that a filter hides are named by it', () => {
    const observed = withOffers(offer('a', {}, { filters: ['.promoAd'] }));
    expect(found(observed)).toEqual(['warning offer-filtered']);
    expect(evidenceOf(observed)).toContain('.promoAd');
  });

  it('under a misspelt attribute are named, and a page without any is only noted', () => {
    expect(found(seen({ browser: browser({ offers: [], misspelt: ['data-offerid'] }) }))).toEqual([
      'warning offer-misspelt',
    ]);
    expect(found(seen({ offers: [], browser: browser({ offers: [] }) }))).toEqual(['note offer-none']);
  });

  it('that were served and that no browser shows are noted, and a template’s are not', () => {
    const observed = (id: string) => seen({ offers: [offer(id)], browser: browser({ offers: [] }) });
    expect(found(observed('a'))).toEqual(['note offer-gone']);
    expect(evidenceOf(observed('a'))).toContain('data-offer-id="a"');
    expect(found(observed('{{ id }}'))).toEqual(['note offer-none']);
    expect(found(served({ offers: [offer('a')] }))).toEqual([]);
  });

  it('that have ended are in doubt, with the times', () => {
    const ended = offer('a', {}, { expires: '2026-11-23' });
    expect(found(withOffers(ended))).toEqual(['warning offer-ended']);
    expect(evidenceOf(withOffers(ended))).toMatch(/ended at 2026-11-23T00.*\n.*now it is 2026-11-24T00/);
    expect(found(served({ offers: [ended] }))).toEqual(['warning offer-ended']);
    const at = (expires: string) => found(withOffers(offer('a', {}, { expires })));
    expect(at(String(Date.UTC(2026, 10, 23) / 1_000))).toEqual(['warning offer-ended']);
    expect([at('2026-11-25'), at('soon')]).toEqual([[], []]);
  });

  it('in a frame that no tracker sees are named, and not that the page has none', () => {
    const observed = seen({ browser: browser({ offers: [], frames: ['<iframe> holds 2'] }) });
    expect(found(observed)).toEqual(['error offer-in-frame']);
    expect(evidenceOf(observed)).toBe('<iframe> holds 2');
    const repairOf = (frame: string) =>
      judge(seen({ browser: browser({ offers: [], frames: [frame] }) })).findings[0]?.repair;
    expect(repairOf('<iframe src="/x"> holds 2')).toMatch(/^Put the script’s tag into the page of the frame/);
    const others = ['<iframe> with https://x.example/, which is of another origin, holds 2'];
    expect(found(seen({ browser: browser({ offers: [], frames: others }) }))).toEqual([
      'warning offer-in-frame',
    ]);
    expect(repairOf('<iframe> with https://x.example/, which is of another origin, holds 2')).toMatch(
      /Its endpoint has to be of the frame’s own origin/,
    );
    const mixed = seen({
      browser: browser({ offers: [], frames: ['<iframe src="/x"> holds 1', ...others] }),
    });
    expect(found(mixed)).toEqual(['error offer-in-frame']);
    expect(judge(mixed).findings[0]?.repair).toMatch(/^Put the script’s tag/);
    expect(repairOf('<iframe srcdoc="x"> holds 2')).toMatch(/^Give the frame’s document to tracker\.observe/);
  });

  it('in a closed tree are doubted if the tracker does not have them, and noted if that is unknown', () => {
    const closed = ['<article data-offer-id="a"> in <shop-card>'];
    const tracker = { ...browser().tracker, inClosedTrees: 0 };
    expect(found(seen({ browser: browser({ offers: [], closed, tracker }) }))).toEqual([
      'warning offer-in-closed-tree',
    ]);
    const given = { ...tracker, inClosedTrees: 1 };
    const two = [...closed, '<p data-offer-id="b"> in <shop-card>'];
    expect(found(seen({ browser: browser({ closed: two, tracker: given }) }))).toEqual([
      'warning offer-in-closed-tree',
    ]);
    expect(found(seen({ browser: browser({ closed, tracker: given }) }))).toEqual([]);
    expect(found(seen({ browser: browser({ offers: [], closed }) }))).toEqual(['note offer-in-closed-tree']);
  });

  it('are reported in a few lines, however many there are', () => {
    const { findings } = judge(
      withOffers(...Array.from({ length: 9 }, (_, at) => offer('null', {}, { markup: `<p id="${at}">` }))),
    );
    expect(findings[0]?.evidence).toHaveLength(6);
    expect(findings[0]?.evidence.at(-1)).toBe('and 4 more');
  });
});

it('an address that a list blocks is named with the filter and the list', () => {
  const observed = seen({
    filtered: [{ name: 'https://shop.example/track/x', filter: '/track^', list: 'easy.txt' }],
  });
  expect(found(observed)).toEqual(['warning name-blocked']);
  expect(evidenceOf(observed)).toBe('https://shop.example/track/x is blocked by /track^ (easy.txt)');
});

describe('the proxy itself', () => {
  const lane = { name: 'offer_events', waiting: 3 };
  const NO_DOOR = { alerts: [], requests: {}, refused: {} };
  const operator = (given: Partial<OperatorSeen> = {}): Observed =>
    seen({
      operator: {
        ...{ url: 'http://127.0.0.1:8788/admin/', asked: answer(), lanes: [lane], refused: 0, at: 1e7 },
        door: NO_DOOR,
        ...given,
      },
    });

  it.each<[string, Partial<OperatorSeen>, string[]]>([
    ['has no alert', { ready: 200 }, []],
    ['has an alert', { lanes: [{ ...lane, alert: 'Check the key.' }] }, ['error proxy-alert']],
    ['has an alert of its door', { door: { ...NO_DOOR, alerts: ['Sign them.'] } }, ['error proxy-alert']],
    [
      'refuses events itself',
      { door: { ...NO_DOOR, refused: { invalid_event: 12 } } },
      ['warning proxy-refuses-events'],
    ],
    [
      'admits no requests',
      { door: { ...NO_DOOR, requests: { origin: 3 } } },
      ['note proxy-rejects-requests'],
    ],
    ['is not ready', { ready: 503 }, ['error proxy-not-ready']],
    ['is behind', { lanes: [{ ...lane, oldestAt: 1 }] }, ['warning proxy-behind']],
    ['has dead letters', { refused: 2 }, ['note proxy-dead-letters']],
    ['wants another token', { lanes: [], asked: answer({ status: 401 }) }, ['warning admin-refused']],
    ['has no admin route there', { lanes: [], asked: answer({ status: 404 }) }, ['warning admin-unanswered']],
  ])('%s', (_, given, ids) => {
    expect(found(operator(given))).toEqual(ids);
  });
});

describe('the key', () => {
  const key = (status: number, given: Partial<KeySeen> = {}): Observed =>
    seen({ key: { asked: answer({ status }), ...given } });

  it('works if Chargebee names what was left out, which is said to be inferred', () => {
    const observed = key(400, { code: 'param_wrong_value', param: 'type' });
    expect(found(observed)).toEqual([]);
    expect(judge(observed).fine.at(-1)).toContain('inferred');
  });

  it.each<[number, Partial<KeySeen>]>([
    [400, { code: 'configuration_incompatible', errorCode: 'api_restricted' }],
    [400, { code: 'invalid_request', errorCode: 'offer_events_feature_not_enabled' }],
    [400, { code: 'configuration_incompatible', message: 'This type of operation is not enabled.' }],
    [403, { errorCode: 'api_restricted' }],
    [422, { code: 'resource_limit_exhausted', param: 'type' }],
  ])('says nothing of itself if the site may not use offer events: %d %j', (status, given) => {
    expect(found(key(status, given))).toEqual(['error key-not-enabled']);
    const [finding] = judge(key(status, given)).findings;
    expect(finding?.repair).toContain('Ask Chargebee’s support to enable offer events for this site');
    expect(evidenceOf(key(status, given))).toContain(given.errorCode ?? given.code);
  });

  it.each([
    [401, 'error key-refused'],
    [403, 'error key-refused'],
    [404, 'error key-site-unknown'],
    [400, 'warning key-unclear'],
    [204, 'warning key-unclear'],
    [503, 'warning key-unclear'],
  ])('is judged by %d, which is said to be inferred', (status, line) => {
    expect(found(key(status))).toEqual([line]);
    expect(evidenceOf(key(status))).toContain('inferred');
  });
});

it('each finding has a heading in the document, and each heading is a finding', () => {
  const sources = readdirSync('src/tools/doctor/rules')
    .map((room) => readFileSync(`src/tools/doctor/rules/${room}`, 'utf8'))
    .join('\n');
  const ids = new Set(
    [
      ...sources.matchAll(
        /'((?:page|script|inspector|consent|worker|endpoint|offer|name|proxy|admin|key)-[a-z-]+)'/g,
      ),
    ].map(([, id]) => id),
  );
  // Names of policies and of rooms are written like these.
  ids.delete('script-src');
  const headings = [...readFileSync('docs/doctor.md', 'utf8').matchAll(/^### ([a-z-]+)$/gm)].map(
    ([, id]) => id,
  );
  expect(headings.toSorted()).toEqual([...ids].toSorted());
});
