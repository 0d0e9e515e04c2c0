/** The page on privacy lists everything that a browser stores, and everything that a tag manager and other tabs get. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { BROWSER, type Place, place } from '../../e2e/fixtures/privacy-headings.js';
import { readPrivacyPage } from '../../e2e/fixtures/privacy-page.js';
import { MAX_RETENTION_MS } from '../../src/protocol/retention.js';
import { callsOf, found, keysBelow, membersOf, nodesOf, parse, read, withMore } from './sources.js';

const page = await readPrivacyPage();
const records = read('src/client/outbox/records.ts');
const event = read('src/protocol/event.ts');
const remembering = read('src/client/later/outbox/remembering.ts');

const placesOf = (kind: string, names: readonly string[], of?: string): Place[] =>
  names.map((name) => place(BROWSER, kind, name, '', of));

/** The kinds of records, and what a `state` is about. */
const kindsOf = (text: string): string[] => {
  const [, key = ''] = /export type RecordKey =([^;]*);/.exec(text) ?? [];
  return found(key, /'(\w+)'/g);
};
/** What a dead letter is written as. */
const letterOf = (text: string): string[] =>
  callsOf(text, /\bput$/)
    .filter((call) => call.arguments?.[0]?.getText().startsWith("['dead'"))
    .flatMap((call) => call.arguments?.slice(1) ?? [])
    .flatMap((value) => nodesOf(value).filter(ts.isObjectLiteralExpression))
    .flatMap(keysBelow);
const fieldsOf = (source: string): Place[] => [
  ...placesOf('field', membersOf(source, 'OutboxEntry'), 'entry'),
  ...placesOf('field', membersOf(source, 'Mark'), 'seen'),
  ...placesOf('field', membersOf(source, 'Pause'), 'pause'),
];
const eventFieldsOf = (source: string): Place[] =>
  ['OfferEventBase', 'ViewedEvent', 'DismissedEvent'].flatMap((name) =>
    placesOf('event field', membersOf(source, name)),
  );

describe('what a browser stores', () => {
  it('stays as long as its row says, which is what the code keeps', () => {
    const rows = readFileSync('docs/privacy.md', 'utf8').split('\n');
    const row = (name: string): string => rows.find((line) => line.startsWith(`| \`${name}\` `)) ?? '';
    const leasing = read('src/client/later/outbox/leasing.ts');
    const [, hours] = /RETENTION_MS = (\d+) \* 3_600_000;/.exec(leasing) ?? [];
    expect(row('entry')).toContain(` ${hours} hours, at most ${MAX_RETENTION_MS / 86_400_000} days `);
    const [, most] = /MAX_DEAD = (\d+);/.exec(remembering) ?? [];
    const [, days] = /DEAD_MS = (\d+) \* 86_400_000;/.exec(remembering) ?? [];
    expect(row('dead')).toContain(` the latest ${most}, for ${days} days `);
  });

  it('has a row for every kind of record', () => {
    expect(kindsOf(records)).toEqual(['entry', 'dead', 'seen', 'state', 'pause', 'site']);
    const stored = (text: string) =>
      placesOf(
        'record',
        kindsOf(text).filter((kind) => !['pause', 'site'].includes(kind)),
      );
    expect(page.unlisted(stored(records))).toEqual([]);
    // What a `state` is about has an item of its own.
    for (const kind of ['pause', 'site']) expect(page.listed(BROWSER, 'field', kind)).not.toEqual([]);
    expect(page.unlisted(stored(withMore(records, "'entry' | 'dead'", " | 'visitor'")))).toEqual([
      `${BROWSER}: record visitor`,
    ]);
  });

  it('has every field of each record in its own item', () => {
    expect(fieldsOf(records).length).toBeGreaterThan(15);
    expect(page.unlisted(fieldsOf(records))).toEqual([]);
    const letter = letterOf(read('src/client/later/outbox/giving-up.ts'));
    expect([...new Set(letter)]).toEqual(['v', 'event', 'code', 'deadAt']);
    expect(page.unlisted(placesOf('field', letter, 'dead'))).toEqual([]);
    // A service worker also gets the page's options for storing and sending.
    const flusher = membersOf(read('src/client/later/delivery/flusher.ts'), 'FlusherOptions');
    const site = [...membersOf(remembering, 'Site'), ...membersOf(remembering, 'LeasingOptions'), ...flusher];
    expect(page.unlisted(placesOf('field', site, 'site'))).toEqual([]);
  });

  it.each([
    ['export interface Mark {', ' readonly address: string;', 'seen.address'],
    // Other items of the list have this name.
    ['export interface Mark {', ' readonly endpoint: string;', 'seen.endpoint'],
    ['export interface Pause {', ' readonly subject: string;', 'pause.subject'],
  ])('misses one more field of a record: %s%s', (where, more, missed) => {
    expect(page.unlisted(fieldsOf(withMore(records, where, more)))).toEqual([`${BROWSER}: field ${missed}`]);
  });

  it('has a row for every field of an event, and misses one more', () => {
    expect(eventFieldsOf(event).length).toBeGreaterThan(8);
    expect(page.unlisted(eventFieldsOf(event))).toEqual([]);
    // An entry has this name, and an event does not.
    const more = withMore(event, 'export interface OfferEventBase {', ' readonly endpoint: string;');
    expect(page.unlisted(eventFieldsOf(more))).toEqual([`${BROWSER}: event field endpoint`]);
  });
});

describe('the page on privacy', () => {
  /** The fields of everything that is added to the tag manager's array. */
  const pushedIn = (text: string): Place[] => {
    const pushes = callsOf(text, /\.push$/);
    expect(pushes.map((call) => call.arguments?.map(({ kind }) => kind))).toEqual([
      [ts.SyntaxKind.ObjectLiteralExpression],
    ]);
    return placesOf('data layer', pushes.flatMap(keysBelow));
  };

  it('lists what a tag manager gets, and one more field is missed', () => {
    const source = read('src/client/later/data-layer.ts');
    expect(pushedIn(source).length).toBeGreaterThan(5);
    expect(page.unlisted(pushedIn(source))).toEqual([]);
    const seeded = withMore(source, 'site[name].push({', ' subject: event.subject,');
    expect(page.unlisted(pushedIn(seeded))).toEqual([`${BROWSER}: data layer subject`]);
  });

  it('lists the channel to other tabs, which get only the ids of events', () => {
    const tabs = read('src/tabs.ts');
    expect(callsOf(tabs, /postMessage$/).map((call) => call.arguments?.[0]?.getText())).toEqual(['ids']);
    expect(nodesOf(parse(tabs)).filter((node) => node.getText() === 'ids: readonly string[]').length).toBe(2);
    expect(page.listed(BROWSER, 'channel')).toContain('offersight');
  });
});
