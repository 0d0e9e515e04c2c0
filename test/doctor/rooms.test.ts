/** The rooms below the rules: what they make of markup, policies, tags and requests. */
import { describe, expect, it } from 'vitest';
import { decodeRequest } from '../../src/protocol/decode.js';
import { encodeRequest } from '../../src/protocol/encode.js';
import { MAX_REQUEST_EVENTS } from '../../src/protocol/limits.js';
import { problem as answerOf } from '../../src/proxy/door/exchange.js';
import { offersInClosedTrees, type Snapshot } from '../../src/tools/doctor/browser/closed-trees.js';
import { decide } from '../../src/tools/doctor/browser/guard.js';
import { locateBrowser } from '../../src/tools/doctor/browser/locating.js';
import {
  contradictingBatch,
  emptyBatch,
  LONG_BYTES,
  longBatch,
  problemOf,
} from '../../src/tools/doctor/http/endpoint.js';
import { readMarkup } from '../../src/tools/doctor/http/markup.js';
import { isBlockedBy, policiesOf } from '../../src/tools/doctor/http/policy.js';
import { startDeadline } from '../../src/tools/doctor/limits.js';
import { nameEndpoint } from '../../src/tools/doctor/naming.js';
import { isFileUrl, isScriptUrl, readTag } from '../../src/tools/doctor/tags.js';
import { isAnythingWrong, render } from '../../src/tools/doctor/words.js';
import { ENDPOINT, PAGE, SCRIPT, tag } from './seen.js';

describe('a batch without events', () => {
  it('is refused by the proxy’s own decoder as `batch`, whose problem is recognized', async () => {
    expect(decodeRequest(emptyBatch(1))).toEqual({ kind: 'fault', fault: 'batch' });
    expect(problemOf({ text: await answerOf('batch').text() })).toBe('batch');
  });
});

describe('a batch whose last events contradict each other', () => {
  interface Sent {
    readonly v: number;
    readonly sent_at: number;
    readonly events: readonly { readonly id: string }[];
  }
  const read = (text: string): Sent => JSON.parse(text) as Sent;

  it.each([
    ['short', contradictingBatch(1)],
    ['long', longBatch(1)],
  ])('is refused as a whole if it is %s, though each of its events is valid by itself', (_, text) => {
    expect(decodeRequest(text)).toEqual({ kind: 'fault', fault: 'batch' });
    const { events, ...envelope } = read(text);
    for (const event of events)
      expect(decodeRequest(JSON.stringify({ ...envelope, events: [event] }))).toMatchObject({
        kind: 'request',
        items: [{ event: { id: event.id, unusable: undefined } }],
      });
  });

  it('is as long as the longest that a page sends in leaving, and has no more events than the proxy takes', () => {
    const text = longBatch(Date.UTC(2026, 10, 29));
    expect(text.length).toBeGreaterThan(LONG_BYTES);
    expect(text.length).toBeLessThan(64 * 1024);
    expect(read(text).events.length).toBeLessThanOrEqual(MAX_REQUEST_EVENTS);
  });
});

describe('the guard of the browser', () => {
  const batch = encodeRequest(
    [{ id: 'an-id', type: 'viewed', offerId: 'a52ge40b', occurredAt: 1, impressionId: 'an-id' }],
    1,
  );
  const ask = (url: string, body: string | undefined, method = 'POST') =>
    decide({ url, body, method }, ENDPOINT, PAGE);

  it('stops every batch of the client’s at any address, and reports what is in it', () => {
    for (const url of [ENDPOINT, 'https://shop.example/renamed', 'https://other.example/'])
      expect(ask(url, batch)).toEqual({ kind: 'stop', ids: ['an-id'] });
    expect(ask(ENDPOINT, batch, 'PUT')).toMatchObject({ kind: 'stop' });
  });

  it('stops everything that goes to the endpoint, and what it cannot read', () => {
    expect(ask(ENDPOINT, 'a=1')).toEqual({ kind: 'stop', ids: [] });
    expect(ask('https://shop.example/anything', undefined)).toEqual({ kind: 'stop', ids: [] });
    expect(ask('https://shop.example/x', '{"v":1,"sent_at":1,broken')).toEqual({ kind: 'stop', ids: [] });
  });

  it('lets through what reads, what is somebody else’s, and a batch without events', () => {
    expect(ask(ENDPOINT, '', 'GET').kind).toBe('pass');
    expect(ask('https://shop.example/graphql', '{"query":"{offers}"}').kind).toBe('pass');
    expect(ask(ENDPOINT, emptyBatch(1)).kind).toBe('pass');
  });
});

describe('a policy without a browser', () => {
  const blocked = (policy: string, given: Partial<Parameters<typeof isBlockedBy>[1]> = {}): boolean =>
    isBlockedBy(policy, { directive: 'script-src', url: SCRIPT, page: PAGE, ...given });

  it.each([
    ["script-src 'self'", false],
    ["default-src 'self'", false],
    ["script-src 'none'; script-src-elem 'self'", false],
    ["img-src 'none'", false],
    ['script-src *', false],
    ['script-src https:', false],
    ['script-src shop.example', false],
    ['script-src https://*.example', false],
    ['script-src https://shop.example/offersight.js', false],
    ["script-src 'none'", true],
    ['default-src https://cdn.example', true],
    ['script-src https://shop.example/assets/', true],
    ['script-src http://shop.example:8080', true],
    ["script-src 'self' 'strict-dynamic'", true],
    ["script-src 'nonce-abc'", true],
  ])('“%s” blocks a script of the page’s own origin: %s', (policy, isBlocked) => {
    expect(blocked(policy)).toBe(isBlocked);
  });

  it('lets a script through by its nonce or its hash, and a connection by neither', () => {
    expect(blocked("script-src 'strict-dynamic' 'nonce-abc'", { nonce: 'abc' })).toBe(false);
    expect(blocked("script-src 'sha384-b'", { integrity: 'sha384-b' })).toBe(false);
    expect(blocked("default-src 'nonce-abc'", { directive: 'connect-src', nonce: 'abc' })).toBe(true);
  });

  it('may be one of several in a header', () => {
    expect(policiesOf("script-src 'self', default-src *")).toEqual(["script-src 'self'", 'default-src *']);
    expect(policiesOf("script-src 'self'\nsandbox")).toEqual(["script-src 'self'", 'sandbox']);
    expect(policiesOf(undefined)).toEqual([]);
  });
});

describe('markup', () => {
  const { tags, offers, policies } = readMarkup(
    `<meta http-equiv="Content-Security-Policy" content="script-src 'self'">
     <script src="/app.js"></script><script async src="/offersight.js" data-endpoint="/offer-events"></script>
     <div id="top" class="a b"><p class="offer" data-offer-id="x" data-offer-token="t"></p><p data-offer-id="y">`,
    PAGE,
  );

  it('gives the script’s tags, offers with the names around them, and policies', () => {
    expect(tags).toEqual([tag({ async: '' })]);
    expect(offers).toMatchObject([{ id: 'x', names: ['.offer', '#top', '.a', '.b'] }, { id: 'y' }]);
    expect(offers.map(({ isSigned }) => isSigned)).toEqual([true, undefined]);
    expect(policies).toEqual(["script-src 'self'"]);
  });

  it('has addresses relative to its <base>', () => {
    const { tags } = readMarkup('<base href="/app/"><base href="/no/"><script src="x/offersight.js">', PAGE);
    expect(tags.map(({ url }) => url)).toEqual(['https://shop.example/app/x/offersight.js']);
  });

  it('shows tags that stand where browsers do not run them', () => {
    const script = '<script async src="/offersight.js" data-endpoint="/offer-events"></script>';
    const { inert, tags } = readMarkup(
      `<noscript>${script}</noscript><body><template>${script}</template><!-- ${script} --><noscript>${script}</noscript>
       <style>${script}</style><p>${script.replaceAll('<', '&lt;')}</p><script>'${script.replace('</', '<\\/')}'</script>`,
      PAGE,
    );
    expect(tags).toEqual([]);
    const shown = '<script async src="/offersight.js" data-endpoint="/offer-events">';
    expect(inert).toEqual(
      ['<noscript>', '<template>', 'a comment', '<noscript>', 'text'].map(
        (place) => `${place} holds ${shown}`,
      ),
    );
  });

  it('may nest as deep as it likes', () => {
    expect(readMarkup(`${'<div>'.repeat(9_000)}<p data-offer-id="deep">`, PAGE).offers).toHaveLength(1);
    const script = '<script src="/offersight.js"></script>';
    for (const [before, after] of [
      [`<template>${'<div>'.repeat(2_000)}`, ''],
      ['<template>'.repeat(2_000), ''],
      [`<noscript>${'<div>'.repeat(2_000)}`, '</noscript>'],
    ])
      expect(readMarkup(`<body>${before}${script}${after}`, PAGE).inert).toHaveLength(1);
  });
});

describe('a tag', () => {
  it('is known by its file, by its endpoint, and by what optimizers make of its address', () => {
    expect(readTag({ 'data-rocket-src': '/offersight.js' }, PAGE)).toMatchObject({
      by: 'data-rocket-src',
      url: SCRIPT,
    });
    expect(readTag({ src: '/renamed.js', 'data-endpoint': '/offer-events' }, PAGE)).toBeDefined();
    expect(readTag({ src: '/renamed.js' }, PAGE)).toBeUndefined();
    expect(['/offersight.js', '/offersight.1a2b.js?v=2', '/offersight-more.js'].map(isScriptUrl)).toEqual([
      true,
      true,
      false,
    ]);
    expect(isFileUrl('https://shop.example/offersight-more.js')).toBe(true);
    expect(readTag({ src: 'http://', 'data-endpoint': '/offer-events' }, PAGE)).toBeUndefined();
  });
});

describe('the endpoint', () => {
  const stopped = [{ url: 'https://shop.example/sent', ids: [] }];
  const tracker = { hasScriptRun: false, endpoints: [] };

  it.each([
    ['what the command was told', { given: '/told', tags: [tag()] }, '/told', 'option'],
    ['the tag', { tags: [tag({ 'data-endpoint': '/tagged' })] }, '/tagged', 'page'],
    [
      'the tracker',
      { tags: [tag()], browser: { stopped, tracker: { ...tracker, endpoints: [`${PAGE}tracked`] } } },
      '/tracked',
      'page',
    ],
    ['where the page posts', { tags: [], browser: { stopped, tracker } }, '/sent', 'page'],
    ['nothing', { tags: [] }, '/offer-events', 'default'],
    [
      'nothing that has run, whatever another tag says',
      {
        tags: [tag()],
        browser: { stopped: [], tracker: { hasScriptRun: true, startedBy: {}, endpoints: [] } },
      },
      '/offer-events',
      'default',
    ],
    [
      'a tag that says nothing usable',
      { tags: [tag({ 'data-endpoint': 'http://' })] },
      '/offer-events',
      'default',
    ],
  ] as const)('is named by %s', (_, naming, path, namedBy) => {
    expect(nameEndpoint(naming, PAGE)).toEqual({ url: `https://shop.example${path}`, namedBy });
  });
});

describe('a report', () => {
  const report = {
    ...{
      url: PAGE,
      endpoint: ENDPOINT,
      isBrowserUsed: true,
      fine: ['All is well.'],
      leftOut: ['No key.'],
      stoppedEvents: 2,
    },
    findings: [
      {
        id: 'script-twice',
        severity: 'warning',
        title: 'Twice.',
        evidence: ['a\u001b[31mred'],
        repair: 'Keep one.',
      } as const,
    ],
  };

  it('names the page of the docs, and steers no terminal', () => {
    const text = render(report);
    expect(text).toContain('fine    All is well.\n');
    expect(text).toContain(
      'DOUBT   Twice.\n  seen  a [31mred\n  do    Keep one.\n  read  docs/doctor.md#script-twice\n',
    );
    expect(text).toContain('LEFT    No key.\n');
    expect(text).toContain('2 events');
    expect(text.endsWith('0 wrong, 1 in doubt.\n')).toBe(true);
  });

  it('that has only notes says that nothing is wrong', () => {
    const noted = {
      ...report,
      findings: report.findings.map((each) => ({ ...each, severity: 'note' as const })),
    };
    expect([isAnythingWrong(report), isAnythingWrong(noted)]).toEqual([true, false]);
    expect(render(noted)).toContain('Nothing is wrong in what was checked.');
  });
});

describe('closed shadow trees', () => {
  /** A node's name, its parent, and whether it is an offer or the root of a tree. */
  type Listed = readonly [name: string, parent: number, is?: string];

  /** A page as the browser lists it. */
  const pageOf = (nodes: readonly Listed[]): Snapshot => {
    const strings: string[] = [];
    const textAt = (text: string): number => {
      if (!strings.includes(text)) strings.push(text);
      return strings.indexOf(text);
    };
    const roots = nodes.flatMap(([, , is], at) => (is === 'open' || is === 'closed' ? [{ at, is }] : []));
    return {
      strings,
      documents: [
        {
          nodes: {
            parentIndex: nodes.map(([, parent]) => parent),
            nodeName: nodes.map(([name]) => textAt(name)),
            attributes: nodes.map(([, , is]) =>
              is === 'offer'
                ? [textAt('class'), textAt('data-offer-id'), textAt('data-offer-id'), textAt('a')]
                : [],
            ),
            shadowRootType: { index: roots.map(({ at }) => at), value: roots.map(({ is }) => textAt(is)) },
          },
        },
      ],
    };
  };
  const shown = ['<p class="data-offer-id" data-offer-id="a"> in <shop-card>'];

  it('are where the offers are that no script finds, also with open ones around or inside', () => {
    const found = (...nodes: readonly Listed[]) =>
      offersInClosedTrees(pageOf([['#document', -1], ['SHOP-CARD', 0], ...nodes]));
    expect(found(['#document-fragment', 1, 'open'], ['P', 2, 'offer'], ['P', 0, 'offer'])).toEqual([]);
    expect(found(['#document-fragment', 1, 'closed'], ['P', 2, 'offer'], ['P', 0, 'offer'])).toEqual(shown);
    expect(
      found(
        ['#document-fragment', 1, 'closed'],
        ['DIV', 2],
        ['#document-fragment', 3, 'open'],
        ['P', 4, 'offer'],
      ),
    ).toEqual(shown);
    expect(found(['P', 1, 'offer'])).toEqual([]);
  });
});

describe('a run’s deadline', () => {
  it('cuts its steps', () => {
    let at = 0;
    const deadline = startDeadline({ elapsed: () => at });
    expect([deadline.stepMs(7_000), deadline.stepMs(1.5), deadline.allBut(7_000)]).toEqual([
      7_000, 1, 21_000,
    ]);
    at = 27_990;
    expect(deadline.stepMs(7_000)).toBe(10);
    at = 40_000;
    expect(deadline.stepMs(7_000)).toBe(1);
  });

  it('that is longer gives each step its share', () => {
    const deadline = startDeadline({ elapsed: () => 0 }, 86);
    expect([deadline.stepMs(7_000), deadline.allBut(7_000)]).toEqual([21_000, 63_000]);
  });
});

it('a browser that is named and is not a program is not replaced by another', () => {
  expect(locateBrowser('/nowhere/chrome', process.env.PATH)).toBeUndefined();
  expect(locateBrowser(process.execPath)).toBe(process.execPath);
});
