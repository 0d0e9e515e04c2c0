/**
 * The mistakes that people make, each made for real. The screen then shows the words that docs/troubleshooting.md has
 * under a heading of its own, with a repair.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { mergeTests } from '@playwright/test';
import { test as clinicTest, expect } from '../fixtures/doctor.js';
import {
  atCommand,
  atProxy,
  both,
  byDoctor,
  installWithoutLibsql,
  type Make,
  OFFER,
  onConsole,
  onPhone,
  onTakenPort,
  TAG,
} from '../fixtures/mistakes.js';
import { test as benchTest } from '../fixtures/standalone.js';

const test = mergeTests(clinicTest, benchTest);

/** The document's sections, by their headings. */
const SECTIONS = new Map(
  (readFileSync('docs/troubleshooting.md', 'utf8').split('\n## Common mistakes\n')[1] ?? '')
    .split('\n## ', 1)
    .flatMap((part) => part.split('\n### ').slice(1))
    .map((section) => [section.split('\n', 1)[0] ?? '', section] as const),
);

/** Words of the browser's own messages, which differ from version to version around them. */
const BROWSER_WORDS = new Set([
  'violates the following Content Security Policy directive',
  'net::ERR_BLOCKED_BY_CLIENT',
]);

const NODE_18 =
  '--import=data:text/javascript,Object.defineProperty(process,%22versions%22,{value:{...process.versions,node:%2218.20.8%22}})';

/** How each mistake is made, by its heading. */
const MISTAKES: Readonly<Record<string, Make>> = {
  'The endpoint’s path is wrong': onConsole('data-endpoint="/offers" data-debug'),
  'The endpoint is on another origin': onConsole('data-endpoint="https://api.shop.example/offer-events"'),
  'No proxy runs': onConsole(TAG, OFFER, {
    // A web server answers so if the proxy behind it does not run.
    prepare: ({ stack }) =>
      stack.site.serve('/offer-events', (_, response) => response.writeHead(502).end('Bad Gateway')),
  }),
  'The API key is wrong': atProxy(1, () => undefined, { OFFERSIGHT_API_KEY: 'test_of_another_site' }),
  'Growth is not enabled': atProxy(1, ({ upstream }) =>
    upstream.setEnabled({ offer_events: 'api_restricted' }),
  ),
  'libsql is not installed': async (place) => {
    const program = await installWithoutLibsql(place.bench.folder);
    const args = ['proxy', '--site', 'acme-test', '--intake', 'sqlite:offers.db'];
    return atCommand(args, { OFFERSIGHT_API_KEY: place.bench.apiKey }, program)(place);
  },
  'Node is too old': atCommand(['dev'], { NODE_OPTIONS: NODE_18 }),
  'The port is taken': onTakenPort,
  'No element has an id': both(
    onConsole(TAG, '<article>Two months on us</article>'),
    byDoctor({ body: '<article>Two months on us</article>' }),
  ),
  'The id is empty': both(
    onConsole(TAG, '<article class="offer" data-offer-id=""></article>'),
    byDoctor({ body: '<article data-offer-id="">Two months on us</article>' }),
  ),
  'The id is a template’s placeholder': both(
    onConsole(TAG, '<article class="offer" data-offer-id="{{ id }}"></article>'),
    byDoctor({ body: '<article data-offer-id="{{ id }}">Two months on us</article>' }),
  ),
  'The id is the plan’s offer_id': atProxy(6, ({ upstream }) => upstream.setOffers({ known_only: true })),
  'The offer has no size': onConsole(TAG, '<article data-offer-id="a52ge40b" style="height: 0"></article>'),
  'A Content-Security-Policy blocks the script': onConsole(TAG, OFFER, {
    headers: { 'content-security-policy': "script-src 'none'" },
  }),
  'An ad blocker stops the requests': onConsole('data-endpoint="/analytics/collect" data-debug', OFFER, {
    prepare: ({ page }) => page.route('**/collect', (route) => route.abort('blockedbyclient')),
  }),
  'An ad blocker stops the script': onConsole('', OFFER, {
    head: '<script async src="/analytics/offersight.js" data-endpoint="/offer-events"></script>',
    prepare: ({ page }) => page.route('**/analytics/*', (route) => route.abort('blockedbyclient')),
  }),
  'The offer part is missing': onConsole('data-endpoint="/offer-events"', OFFER, {
    prepare: ({ stack }) =>
      stack.site.serve('/offersight-offers.js', (_, response) => response.writeHead(404).end()),
  }),
  'The script is a module': both(
    onConsole('', OFFER, {
      head: '<script type="module" src="/bundle.js" data-endpoint="/offers"></script>',
      prepare: ({ stack }) =>
        stack.site.serve('/bundle.js', async (_, response) => {
          response.writeHead(200, { 'content-type': 'text/javascript' });
          response.end(await readFile('dist/offersight.js'));
        }),
    }),
    byDoctor({
      tag: '<script type="module" src="/offersight.js" data-endpoint="/offer-events"></script>',
    }),
  ),
  'There are two script tags': onConsole('', OFFER, {
    head: '<script src="/offersight.js" data-endpoint="/offer-events"></script><script src="/offersight.js" data-endpoint="/other"></script>',
  }),
  'A tag manager drops the attributes': onConsole('', OFFER, {
    head: '<script src="/offersight.js"></script>',
  }),
  'Seconds stand where milliseconds belong': onConsole(
    TAG,
    '<article class="offer" data-offer-id="a52ge40b" data-offer-dwell="2"></article>',
  ),
  'A phone opens the page over http': onPhone,
};

/** The message of a log's line; the last line may not be complete yet. */
const ofLog = (line: string): string =>
  /^\{.*\}$/.test(line) ? ((JSON.parse(line) as { message?: string }).message ?? line) : line;

/** A message without what is around it: the name of an error, an element on the console, the doctor's mark. */
const messageOf = (line: string): string =>
  ofLog(line)
    .replace(/^(?:OffersightError: |(?:WRONG|DOUBT|NOTE) +)/, '')
    .replace(/ JSHandle@node$/, '');

/** The words that are on a screen: whole messages, or a part of the browser's own. */
const seenOn = (screen: string, words: readonly string[]): readonly string[] => {
  const messages = screen.split('\n').map(messageOf);
  return words.filter((said) =>
    messages.some((message) => (BROWSER_WORDS.has(said) ? message.includes(said) : message === said)),
  );
};

/** Where the doctor says to read on, for those of its findings that have these words. */
const namedByDoctor = (screen: string, words: readonly string[]): readonly string[] =>
  screen
    .split(/\n(?=(?:WRONG|DOUBT|NOTE) )/)
    .filter((finding) => words.includes(messageOf(finding.split('\n', 1)[0] ?? '')))
    .flatMap((finding) => /^ +read +docs\/(\S+)$/m.exec(finding)?.[1] ?? []);

for (const [heading, section] of SECTIONS)
  test(`the mistake “${heading}” shows the words that docs/troubleshooting.md has`, async ({
    page,
    stack,
    clinic,
    bench,
    launchOptions,
  }) => {
    const make = MISTAKES[heading];
    if (!make) throw new Error('Nothing makes this mistake.');
    // The lines of its block of text. Each is a whole message on the screen.
    const words = /```text\n(.*?)\n```/s.exec(section)?.[1]?.split('\n') ?? [];
    expect(words).not.toEqual([]);
    const screen = await make({ page, stack, clinic, bench, launchOptions });
    await expect.poll(() => seenOn(screen(), words)).toEqual(words);
    for (const named of namedByDoctor(screen(), words)) expect(section).toContain(`(${named})`);
  });

test('no mistake is made that the document does not have', () => {
  expect([...SECTIONS.keys()]).toEqual(Object.keys(MISTAKES));
});
