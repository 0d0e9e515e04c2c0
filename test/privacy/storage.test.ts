/** What runs in browsers takes from them only what is named here, and opens only the storage that the page on privacy lists. */
import { describe, expect, it } from 'vitest';
import { BROWSER } from '../../e2e/fixtures/privacy-headings.js';
import { readPrivacyPage } from '../../e2e/fixtures/privacy-page.js';
import { outsideNamesOf } from './outside-names.js';
import { callsOf, IN_BROWSERS, lineOf, type Source, sourcesOf, usesOf } from './sources.js';

const page = await readPrivacyPage();
const sources = sourcesOf(...IN_BROWSERS);

/** What can store nothing and send nothing. */
const HARMLESS = new Set(
  [
    'Array BigUint64Array Boolean Date Error Function Infinity JSON Map Math Number Object Promise Reflect RegExp Set String',
    'Symbol TextDecoder TypeError URL Uint8Array WeakMap WeakRef WeakSet atob encodeURIComponent parseFloat undefined',
    'AbortController AbortSignal CSSStyleSheet CustomEvent DOMRect Document Element HTMLElement Node ShadowRoot addEventListener customElements document',
    'getComputedStyle innerHeight innerWidth scrollX scrollY location visualViewport IntersectionObserver MutationObserver ResizeObserver',
    'cancelAnimationFrame clearTimeout queueMicrotask removeEventListener requestAnimationFrame setTimeout console crypto performance',
    'IDBKeyRange navigator.globalPrivacyControl navigator.onLine navigator.userAgent navigator.webdriver',
  ].flatMap((line) => line.split(' ')),
);
/** The only files that take something else, with what they take. */
const TAKEN = [
  'src/client/detect/exposure.ts: top',
  'src/client/later/background-sync.ts: navigator.serviceWorker',
  'src/client/later/data-layer.ts: globalThis',
  'src/client/later/detect/sight.ts: window',
  'src/client/later/learning.ts: window',
  'src/client/options.ts: navigator',
  'src/client/tracker.ts: globalThis',
  'src/inspector/asking.ts: fetch',
  'src/inspector/asking.ts: navigator.serviceWorker',
  'src/inspector/changed.ts: window',
  'src/inspector/inspector.ts: globalThis',
  'src/inspector/inspector.ts: history',
  'src/inspector/inspector.ts: navigator.clipboard',
  'src/inspector/settings.ts: globalThis',
  'src/inspector/stopped.ts: navigator.userActivation',
  'src/inspector/stored.ts: indexedDB',
  // It looks whether that is the browser's own.
  'src/inspector/timers.ts: fetch',
  'src/inspector/trackers.ts: globalThis',
  'src/inspector/page-facts.ts: navigator',
  'src/inspector/page-facts.ts: navigator.serviceWorker',
  'src/inspector/unreported.ts: self',
  'src/inspector/unreported.ts: top',
  'src/inspector/ways.ts: BroadcastChannel',
  'src/runtime.ts: fetch',
  'src/script.ts: window',
  'src/tabs.ts: BroadcastChannel',
];
const takenIn = (given: readonly Source[]): string[] =>
  given.flatMap(({ file, text }) =>
    outsideNamesOf(text)
      .filter((name) => !HARMLESS.has(name))
      .map((name) => `${file}: ${name}`),
  );

/** Words for storage. They count as a property of any object. */
const WORDS = new Set(
  [
    'cookie cookieStore localStorage sessionStorage indexedDB caches locks storage sharedStorage storageBuckets getDirectory',
    'openDatabase replaceState pushState BroadcastChannel SharedWorker sendBeacon credentials idb-keyval setItem',
  ].flatMap((line) => line.split(' ')),
);
/** The only files that use such a word. */
const WORDED = [
  'src/client/outbox/indexeddb.ts: idb-keyval',
  'src/inspector/inspector.ts: replaceState',
  'src/inspector/stored.ts: indexedDB',
  'src/inspector/ways.ts: BroadcastChannel',
  'src/tabs.ts: BroadcastChannel',
  // The code of an error.
  'src/client/later/consent.ts: storage',
  'src/client/later/outbox/mended.ts: storage',
  'src/errors.ts: storage',
];

/** What opens a database, a channel or a tag of Background Sync by a name, or makes a name for it. */
const OPENERS =
  /^(?:createStore|indexedDbRecords|indexedDB\.\w+|BroadcastChannel|openChannel|withChannel|hearTabs|syncTag|readStored|\S*\.register|history\.\w+|\S+\.(?:createObjectStore|deleteDatabase))$/;
/** All such calls, with what names it. Each `options.name` is the one that the page lists. */
const OPENINGS = [
  'src/client/first.ts: indexedDbRecords(options.name)',
  'src/client/later/background-sync.ts: manager?.register(syncTag(name))',
  'src/client/later/background-sync.ts: syncTag(name)',
  'src/client/later/later.ts: indexedDbRecords(options.name)',
  'src/client/later/page-delivery.ts: hearTabs(name)',
  "src/client/outbox/indexeddb.ts: createStore(name, 'offersight')",
  'src/inspector/inspector.ts: history.replaceState(history.state)',
  'src/inspector/looking.ts: readStored(inside.options.name)',
  'src/inspector/stored.ts: indexedDB.open(name)',
  'src/inspector/ways.ts: BroadcastChannel(name)',
  'src/inspector/ways.ts: openChannel(options.name)',
  'src/service-worker.ts: indexedDbRecords(name)',
  "src/service-worker.ts: syncTag('')",
  'src/tabs.ts: BroadcastChannel(name)',
  'src/tabs.ts: withChannel(name)',
];
const openingsIn = (given: readonly Source[]): string[] => [
  ...new Set(
    given.flatMap(({ file, text }) =>
      callsOf(text, OPENERS).map((call) => {
        const callee = lineOf(call.expression);
        const named = call.arguments?.map(lineOf).slice(0, callee === 'createStore' ? 2 : 1) ?? [];
        return `${file}: ${callee}(${named.join(', ')})`;
      }),
    ),
  ),
];

describe('what runs in browsers', () => {
  it('takes from the platform only what is harmless or named here', () => {
    expect(takenIn(sources).sort()).toEqual([...TAKEN].sort());
  });

  it.each([
    ['src/inspector/view/panel.tsx', "localStorage.setItem('visitor', id)", 'localStorage'],
    ['src/script-tag.ts', "globalThis['sessionStorage'].visitor = id", 'sessionStorage'],
    ['src/client/later/later.ts', "caches.open('visitors')", 'caches'],
    ['src/client/later/later.ts', "navigator.locks.request('visitor', work)", 'navigator.locks'],
    ['src/service-worker.ts', "globalThis.indexedDB.open('visitors')", 'indexedDB'],
    ['src/client/page.ts', 'const { storage } = navigator', 'navigator'],
    ['src/adapters/react.ts', 'new BroadcastChannel(visitor)', 'BroadcastChannel'],
    ['src/client/page.ts', 'window.name = visitor', 'name'],
    ['src/client/page.ts', 'openDatabase(visitor)', 'openDatabase'],
  ])('may not take one more thing: in %s, %s', (file, text, name) => {
    expect(takenIn([{ file, text: `const id = '', work = id, visitor = id; ${text}` }])).toEqual([
      `${file}: ${name}`,
    ]);
  });

  it('uses words for storage only where they are named here', () => {
    expect(usesOf(sources, WORDS)).toEqual([...WORDED].sort());
    const seeds = ['document.cookie = id', "Reflect.get(element.ownerDocument, 'cookie')"];
    for (const text of seeds)
      expect(usesOf([{ file: 'src/script-tag.ts', text }], WORDS)).toEqual(['src/script-tag.ts: cookie']);
  });

  it('opens storage and channels only under the names that the page lists', () => {
    expect(openingsIn(sources).sort()).toEqual([...OPENINGS].sort());
    expect(page.listed(BROWSER, 'database')).toContain('offersight');
    expect(page.listed(BROWSER, 'store')).toContain('offersight');
    const seed = { file: 'src/client/first.ts', text: "indexedDbRecords('visitors', runtime)" };
    expect(openingsIn([seed])).toEqual(["src/client/first.ts: indexedDbRecords('visitors')"]);
  });
});
