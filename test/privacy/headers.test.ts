/** The page on privacy lists every header that the proxy and the tracker read or send, wherever they do so. */
import { describe, expect, it } from 'vitest';
import { CHARGEBEE, OPERATORS, place, WIRE } from '../../e2e/fixtures/privacy-headings.js';
import { readPrivacyPage } from '../../e2e/fixtures/privacy-page.js';
import { SITE_HEADER } from '../../src/proxy/cli/listening.js';
import { FORWARDING_HEADERS } from '../../src/proxy/door/address.js';
import { headerUsesOf } from './header-names.js';
import {
  AT_THE_PROXY,
  callsOf,
  found,
  IN_BROWSERS,
  read,
  type Source,
  sourcesOf,
  usesOf,
} from './sources.js';

const page = await readPrivacyPage();
const proxy = sourcesOf(...AT_THE_PROXY);
const sources = [...proxy, ...sourcesOf(...IN_BROWSERS)];

/** The part of the page for a file, and what it calls the headers that the file reads and sends. */
interface Room {
  readonly files: RegExp;
  readonly section: string;
  readonly read: string;
  readonly sent: readonly string[];
}
/** A file in no room may not read or send any header. */
const ROOMS: readonly Room[] = [
  {
    files: /^src\/proxy\/(?:operator\/|cli\/operator-routes\.ts)/,
    section: OPERATORS,
    read: 'header that the proxy reads',
    sent: ['answer header'],
  },
  {
    files:
      /^src\/proxy\/(?:(?:handler|node|node-messages|cli\/(?:listening|routes|serve|site|site-choice))\.ts|door\/)/,
    section: WIRE,
    read: 'header that the proxy reads',
    sent: ['answer header', 'problem header'],
  },
  { files: /^src\/proxy\/forward\//, section: CHARGEBEE, read: 'answer header', sent: ['header'] },
  {
    files: /^src\/(?:client\/later\/(?:farewell|delivery\/)|inspector\/(?:asking|link)\.ts)/,
    section: WIRE,
    read: 'header that the page reads',
    sent: ['request header'],
  },
];

/** The names behind an expression. Each has to be in the page's list for the same room. */
const COMPUTED: Readonly<Record<string, readonly string[]>> = {
  'src/proxy/cli/operator-routes.ts read (name)': FORWARDING_HEADERS,
  'src/proxy/operator/page/own-requests.ts read (name)': FORWARDING_HEADERS,
  'src/proxy/cli/operator-routes.ts sent (SITE_HEADER)': [SITE_HEADER],
  // Methods of a list of names, a list of all headers, and an answer that is passed on as it is.
  'src/proxy/cli/operator-routes.ts read some': [],
  'src/proxy/operator/page/own-requests.ts read some': [],
  'src/proxy/node-messages.ts read (at)': [],
  'src/proxy/node-messages.ts read (at + 1)': [],
  'src/proxy/node.ts read (at - 1)': [],
  'src/proxy/node.ts sent (name)': [],
  // The proxy asks its neighbour on the same machine.
  'src/proxy/cli/listening.ts read (SITE_HEADER)': [],
  // A problem has the name `headers`.
  'src/proxy/door/problem.ts sent status': [],
  'src/proxy/door/problem.ts sent title': [],
};

const namesOf = (file: string, way: 'read' | 'sent', name: string): readonly string[] =>
  COMPUTED[`${file} ${way} ${name}`] ?? [name];

/** The headers of sources that the page does not list. */
const unlistedIn = (given: readonly Source[]): string[] =>
  given.flatMap(({ file, text }) => {
    const room = ROOMS.find(({ files }) => files.test(file));
    const uses = headerUsesOf(text);
    return (['read', 'sent'] as const).flatMap((way) =>
      uses[way]
        .flatMap((name) => namesOf(file, way, name))
        .filter(
          (name) =>
            !room || [room[way]].flat().every((kind) => !page.listed(room.section, kind).includes(name)),
        )
        .map((name) => `${file} ${way} ${name}`),
    );
  });

/** The only places that do something else with all headers of a message. */
const PASSED = [
  // The endpoint makes a request of what Node has, and checks what Node does not.
  ...[
    '2 * MAX_HEADERS',
    'for (const [name, value] of headers) outgoing.setHeader(name, value);',
    'server.maxHeadersCount = MAX_HEADERS',
  ].map((use) => `src/proxy/node.ts: ${use}`),
  ...[
    'Object.entries(headers)',
    'headers',
    'headers.append',
    'new Headers()',
    'rawHeaders.length',
    'rawHeaders.length ? rawHeaders : Object.entries(headers).flatMap(([name, values]) => [values].flat().flatMap((value) => (value === undefined ? [] : [name, value])), )',
    'return headers;',
  ].map((use) => `src/proxy/node-messages.ts: ${use}`),
  // What code of the page gives in the place of an answer may have none.
  "src/inspector/asking.ts: headers && !headers.has('age')",
  'src/proxy/cli/routes.ts: outgoing.writeHead(status, headers)',
  'src/proxy/door/admission.ts: problemReply(code, headers)',
  'src/proxy/door/exchange.ts: headers',
  'src/proxy/door/exchange.ts: headers: request.headers',
  // Whether a machine in front says that it is there.
  'src/proxy/handler.ts: headers',
  'src/proxy/operator/page/pages.tsx: headers: PAGE_HEADERS',
  'src/proxy/operator/page/views.tsx: headers: PAGE_HEADERS',
  'src/proxy/operator/programs.ts: headers: REPLY_HEADERS',
  // A call with many events compares what the hook returned for each.
  'src/proxy/forward/usage-events.ts: row.headers ?? {}',
  // What the hook `caller` returned is kept until the event is delivered or given up.
  "src/proxy/intake/sql/rows.ts: parsed<IntakeRow['headers']>(row.headers)",
  'src/proxy/intake/sql/taking.ts: textOf(event.headers)',
];
const passedIn = (given: readonly Source[]): string[] =>
  given.flatMap(({ file, text }) => headerUsesOf(text).passed.map((use) => `${file}: ${use}`));

describe('a header', () => {
  it('is listed for every room that reads or sends it', () => {
    const names = sources.flatMap(({ text }) => [...headerUsesOf(text).read, ...headerUsesOf(text).sent]);
    for (const name of ['sec-fetch-site', 'set-cookie', 'retry-after', 'x-forwarded-for', 'age'])
      expect(names).toContain(name);
    expect(unlistedIn(sources)).toEqual([]);
  });

  it.each([
    ['src/proxy/handler.ts', "request.headers.get('x-visitor')", 'read x-visitor'],
    ['src/proxy/handler.ts', "request.headers.get('referer')", 'read referer'],
    // The operator's page reads it.
    ['src/proxy/handler.ts', "request.headers.get('cookie')", 'read cookie'],
    ['src/proxy/telling/alerts.ts', "request.headers.get('host')", 'read host'],
    ['src/proxy/cli/status.ts', 'incoming.headers.referer', 'read referer'],
    ['src/proxy/cli/site-choice.ts', "incoming['headers']['accept-language']", 'read accept-language'],
    ['src/proxy/door/machines.ts', 'headers.get(name)', 'read (name)'],
    ['src/proxy/node.ts', "outgoing.setHeader('etag', visitor)", 'sent etag'],
    ['src/proxy/door/admission.ts', "rejected('budget', { 'x-visitor': address })", 'sent x-visitor'],
    ['src/proxy/forward/usage-events.ts', "post({ headers: { 'x-visitor': address } })", 'sent x-visitor'],
    ['src/client/page.ts', "fetch(url, { headers: { 'content-type': type } })", 'sent content-type'],
    ['src/client/later/farewell.ts', "fetch(url, { headers: { 'x-visitor': visitor } })", 'sent x-visitor'],
  ])('is missed if the page does not list it for its room: in %s, %s', (file, text, missed) => {
    expect(unlistedIn([{ file, text }])).toEqual([`${file} ${missed}`]);
  });

  it('is handed on without its name only where it is named here', () => {
    expect(passedIn(sources).sort()).toEqual([...PASSED].sort());
    const file = 'src/proxy/handler.ts';
    for (const text of [
      'Object.entries(request.headers)',
      'const { headers: given } = request',
      'look(headers)',
    ])
      expect(passedIn([{ file, text }])).toHaveLength(1);
  });

  it('that Node leaves out is listed too, and so are all that machines in front write', () => {
    const raw = callsOf(read('src/proxy/node.ts'), /^values$/).map((call) => call.arguments?.[0]?.getText());
    expect(raw).toEqual(["'host'", "'transfer-encoding'"]);
    const names = ['host', 'transfer-encoding', ...FORWARDING_HEADERS];
    expect(page.unlisted(names.map((name) => place(WIRE, 'header that the proxy reads', name)))).toEqual([]);
  });

  it('of Chargebee’s own is listed, also one that only a hook or an option sets', () => {
    const headersOf = (text: string): string[] =>
      // One that an answer has is read by `get`.
      found(text, /(?<!\.get\()['"`](chargebee-[a-z-]*[a-z])['"`]/g);
    const text = proxy.map((source) => source.text).join('\n');
    const disabled = /disable\?: readonly \(([^)]*)\)/.exec(text)?.[1] ?? '';
    const reactions = found(disabled, /'(\w+)'/g).map((name) => `chargebee-event-${name}`);
    expect(headersOf(text).length).toBeGreaterThan(4);
    expect(reactions.length).toBeGreaterThan(2);
    const unlisted = (names: readonly string[]) =>
      page.unlisted(names.map((name) => place(CHARGEBEE, 'header', name)));
    expect(unlisted([...headersOf(text), ...reactions])).toEqual([]);
    expect(unlisted(headersOf("'chargebee-visitor'"))).toEqual([`${CHARGEBEE}: header chargebee-visitor`]);
  });
});

describe('a cookie', () => {
  it('is set only for operators, and the page lists its names', () => {
    expect(usesOf(sources, new Set(['set-cookie', 'Set-Cookie', 'cookie']))).toEqual([
      'src/proxy/operator/page/pages.tsx: cookie',
      'src/proxy/operator/page/pages.tsx: set-cookie',
      'src/proxy/operator/page/session.ts: cookie',
    ]);
    const [, name = ''] = /__Host-' : ''\}([\w-]+)`/.exec(read('src/proxy/operator/page/session.ts')) ?? [];
    const unlisted = (names: readonly string[]) =>
      page.unlisted(names.map((each) => place(OPERATORS, 'cookie', each)));
    expect(unlisted([name, `__Host-${name}`])).toEqual([]);
    expect(unlisted(['offersight-visitor'])).toEqual([`${OPERATORS}: cookie offersight-visitor`]);
  });
});
