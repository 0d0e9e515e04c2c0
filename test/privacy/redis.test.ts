/** The page on privacy lists every key in Redis, every field of a hash that a script names, and every field of an event. */
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { place, REDIS } from '../../e2e/fixtures/privacy-headings.js';
import { readPrivacyPage } from '../../e2e/fixtures/privacy-page.js';
import { eventFieldsOf, keyUsesOf } from './redis-names.js';
import {
  AT_THE_PROXY,
  callsOf,
  found,
  keysBelow,
  nodesOf,
  parse,
  read,
  type Source,
  sourcesOf,
  usesOf,
} from './sources.js';

const page = await readPrivacyPage();
const sources = sourcesOf('src/proxy/intake/redis');

/** The only keys that are not written where they are used, by file. */
const COMPUTED: Readonly<Record<string, readonly string[]>> = {
  // The helpers themselves, loops over a list of words, and names that a line before has made.
  'redis-events.ts': ['(own .. hash)', '(own .. index)', '(index)', '(views)'],
  'redis-forwarding.ts': ['(index)'],
  'redis-scripts.ts': ['(own .. name)'],
  // Version 0.1 kept the name of its site in a key of its own.
  'redis-taking.ts': ['(key)', '(newcomers)', "(KEYS[1] .. '/site')"],
  // What version 0.1 kept.
  'migration/moving.ts': [
    ...['arrival', 'arrivals', 'calls', 'days', 'flying', 'note', 'sessions'].map(
      (key) => `(aside .. '${key}')`,
    ),
    ...['(aside .. key)', '(jobs .. id)', '(jobs .. key)', '(old .. key)', '(key)'],
    ...["(old .. 'ledger:' .. day)", "(old .. 'offer:' .. e.offerId)"],
  ],
};
const isComputed = (file: string, key: string): boolean =>
  Object.entries(COMPUTED).some(([name, keys]) => file.endsWith(`/${name}`) && keys.includes(key));

/** What has a list of its own on the page, in one of three items. */
const ITEMS = ['what happened', 'how far it is', 'until it is delivered or given up'];
const listedFields = new Set(ITEMS.flatMap((of) => page.listed(REDIS, 'field', of)));
/** What an event has only while it is being taken. */
const PASSING = ['content', 'namer'];

const unlistedKeys = (given: readonly Source[]): string[] =>
  page.unlisted(
    given.flatMap(({ file, text }) =>
      keyUsesOf(text)
        .filter(({ key }) => !isComputed(file, key))
        .map(({ key, field }) =>
          field === undefined ? place(REDIS, 'key', key) : place(REDIS, 'hash field', field, '', key),
        ),
    ),
  );
const unlistedFields = (texts: readonly string[]): string[] =>
  texts.flatMap(eventFieldsOf).filter((name) => !listedFields.has(name) && !PASSING.includes(name));

describe('in Redis', () => {
  it('every key and every field of a hash is listed', () => {
    const uses = sources.flatMap(({ text }) => keyUsesOf(text));
    expect(new Set(uses.map(({ key }) => key)).size).toBeGreaterThan(30);
    expect(new Set(uses.map(({ field }) => field)).size).toBeGreaterThan(12);
    expect(unlistedKeys(sources)).toEqual([]);
  });

  it.each([
    ["put('names', 1)", 'key names'],
    ["call('SET', own .. 'names', ARGV[4])", 'key names'],
    ["redis.call('SADD', 'names', ARGV[4])", 'key names'],
    ["call('HSET', intake, 'visitor', ARGV[4])", 'hash field {offersight}.intake.visitor'],
    ["call('HSET', own .. 'lane', 'token', 1, 'visitor', ARGV[4])", 'hash field lane.visitor'],
    // Another hash has it.
    ["put('lane', 'secret', ARGV[4])", 'hash field lane.secret'],
    ["call('SET', KEYS[1] .. '.names', ARGV[4])", "key (KEYS[1] .. '.names')"],
  ])('one more is missed: %s', (lua, missed) => {
    const seed = { file: 'src/proxy/intake/redis/redis-taking.ts', text: `const NEXT = \`${lua}\`;` };
    expect(unlistedKeys([seed])).toEqual([`${REDIS}: ${missed}`]);
  });

  it('every field of an event is in one of the lists of events, and one more is missed', () => {
    const texts = sources.map(({ text }) => text);
    expect(texts.flatMap(eventFieldsOf).length).toBeGreaterThan(20);
    expect(unlistedFields(texts)).toEqual([]);
    for (const lua of ['e.address = 1', "e['address'] = 1", 'local e = { n = n, address = 1 }\n'])
      expect(unlistedFields([`const NEXT = \`${lua}\`;`])).toEqual(['address']);
    // The page has it as a key.
    expect(unlistedFields(['const NEXT = `e.visitors = 1`;'])).toEqual(['visitors']);
  });

  it('an event gets no other field before it is taken', () => {
    const names = nodesOf(parse(read('src/proxy/intake/redis/redis-given.ts')))
      .filter(ts.isVariableDeclaration)
      .filter(({ name }) => name.getText() === 'givenOf')
      .flatMap(keysBelow);
    expect(names).toEqual(expect.arrayContaining(['id', 'offerId', 'line', 'headers', 'usage', 'namer']));
    expect(names.filter((name) => !listedFields.has(name) && !PASSING.includes(name))).toEqual([]);
    expect(page.unlisted(PASSING.map((name) => place(REDIS, 'passing field', name)))).toEqual([]);
  });

  it('nothing is sent to Redis but these scripts', () => {
    expect(
      usesOf(sourcesOf(...AT_THE_PROXY), new Set(['ioredis', 'defineCommand', 'sendCommand', 'pipeline'])),
    ).toEqual([
      // The flag `--intake` asks whether the package is there, and two files only name its types.
      'src/proxy/cli/sources.ts: ioredis',
      'src/proxy/intake/bullmq/bullmq.ts: ioredis',
      'src/proxy/intake/redis/redis-client.ts: defineCommand',
      'src/proxy/intake/redis/redis-client.ts: ioredis',
      'src/proxy/intake/redis/redis.ts: ioredis',
      // Of Node's streams.
      'src/proxy/node.ts: pipeline',
    ]);
    const client = read('src/proxy/intake/redis/redis-client.ts');
    const methods = callsOf(client, /^(?:redis|commands)\b/).map(({ expression }) => expression.getText());
    expect([...new Set(methods)].sort()).toEqual([
      'commands[name]',
      'redis.config',
      'redis.defineCommand',
      'redis.disconnect',
      'redis.on',
      'redis.once',
      'redis.quit',
    ]);
    // Each script has one name for the call.
    const direct = sources.flatMap(({ text }) => found(text, /\b(redis\.p?call)\b/g));
    expect(direct).toEqual(['redis.call']);
  });
});
