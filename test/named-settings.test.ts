/** The documents name flags, attributes, metrics and variables of the environment. The code has each of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS as TABLE, written } from '../src/proxy/cli/flags.js';
import { METRICS } from '../src/proxy/cli/metric-names.js';
import { attributesNamedIn } from './support/attribute-reads.js';

const filesBelow = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => join(folder, name));

/** The pages that people write. The reference is made of the code, and the reports of exports name only exports. */
const PAGES = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  ...['docs/recipes', 'docs/site', 'docs/start'].flatMap((folder) => filesBelow(folder, /\.md$/)),
];

const SOURCES = filesBelow('src', /\.tsx?$/).map((file) => ({ file, text: readFileSync(file, 'utf8') }));

const COMMANDS: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  Object.entries(TABLE).map(([name, { flags }]) => [
    name,
    new Set(Object.keys(flags).map((flag) => written(flag).slice(2))),
  ]),
);
const KNOWN_FLAGS = new Set(['version', 'help', ...Object.values(COMMANDS).flatMap((flags) => [...flags])]);
/** Flags of other programs that a page names without the program before it. */
const OTHER_FLAGS = new Set(['env-file', 'exclude', 'external', 'include', 'seed', 'stop-timeout', 'volume']);

const ATTRIBUTES = new Set([
  ...SOURCES.filter(({ file }) => /^src\/(?:client\/(?!later\/debug\/)|script)/.test(file)).flatMap(
    ({ file, text }) => attributesNamedIn(file, text),
  ),
  // Attributes of other tools, a mistake on purpose, and a flag of curl.
  ...['data-binary', 'data-cfasync', 'data-endpont', 'data-offer-dwel', 'data-offerid', 'data-with-dbt'],
]);

const FIGURES = new Set([
  ...Object.values(METRICS).map(({ name }) => name),
  // A server of the reader's own has it.
  'offersight_events_total',
]);

/** The attribute that a property of `dataset` sets. */
const attributeOf = (property: string): string =>
  `data-${property.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const VARIABLES = new Set(
  SOURCES.flatMap(({ text }) => [...text.matchAll(/\bOFFERSIGHT_[A-Z_]+\b/g)].map(([name]) => name)),
);

const flagsIn = (text: string): string[] =>
  [...text.matchAll(/(?<![\w-])--([a-z][\w-]*)/g)].map(([, name = '']) => name);

/** A command of ours with its arguments, also on several lines; a comment or another command ends it. */
const COMMAND =
  /(?<![\w/@.])(?:\S*\/)?(?:offersight|cli\.js) ((?:[a-z]+-)*[a-z]+)((?: *\\\n *| )(?:\\\n|[^\n#|`;&])*)?/g;

const wrongFlagsIn = (page: string): string[] =>
  [...page.matchAll(COMMAND)].flatMap(([, command = '', rest = '']) => {
    const flags = COMMANDS[command];
    return flags ? flagsIn(rest).flatMap((flag) => (flags.has(flag) ? [] : `${command} --${flag}`)) : [];
  });

const unknownCommandsIn = (page: string): string[] =>
  [...page.matchAll(/\bnpx offersight ([a-z][a-z-]*)\b/g)].flatMap(([, command = '']) =>
    command in COMMANDS ? [] : command,
  );

/** Code in a line that begins with a flag. */
const loneFlagsIn = (page: string): string[] =>
  [...page.matchAll(/(?<!`)`(--[^`\n]+)`/g)].flatMap(([, text = '']) => flagsIn(text));

const faultsIn = (page: string): string[] => [
  ...new Set([
    ...wrongFlagsIn(page),
    ...unknownCommandsIn(page),
    ...loneFlagsIn(page).flatMap((flag) =>
      KNOWN_FLAGS.has(flag) || OTHER_FLAGS.has(flag) ? [] : `--${flag}`,
    ),
    ...[...page.matchAll(/(?<![\w-])data-[a-z]+(?:-[a-z]+)*(?![\w-])/g)].flatMap(([name]) =>
      ATTRIBUTES.has(name) ? [] : name,
    ),
    ...[...page.matchAll(/\bdataset\.(\w+)/g)]
      .map(([, property = '']) => attributeOf(property))
      .filter((name) => !ATTRIBUTES.has(name)),
    ...[...page.matchAll(/(?<!\w)offersight_[a-z_]+\b/g)].flatMap(([name]) =>
      FIGURES.has(name.replace(/_(?:bucket|count|sum)$/, '')) ? [] : name,
    ),
    ...[...page.matchAll(/\bOFFERSIGHT_[A-Z_]+\b/g)].flatMap(([name]) => (VARIABLES.has(name) ? [] : name)),
  ]),
];

describe('a setting that a page names', () => {
  it.each(PAGES)('is there in the code: %s', (file) => {
    expect(faultsIn(readFileSync(file, 'utf8'))).toEqual([]);
  });

  it('is found in many places', () => {
    const all = PAGES.map((file) => readFileSync(file, 'utf8')).join('\n');
    const commands = [...all.matchAll(COMMAND)].filter(([, name = '']) => name in COMMANDS);
    expect(commands.length).toBeGreaterThan(80);
    expect(loneFlagsIn(all).length).toBeGreaterThan(60);
    expect(VARIABLES.size).toBeGreaterThan(3);
  });

  it.each([
    ['npx offersight proxy --site acme --trusted-hop 1', 'proxy --trusted-hop'],
    ['npx offersight proxy --site acme \\\n  --trusted-hop 1', 'proxy --trusted-hop'],
    ['node_modules/.bin/offersight status --any-id', 'status --any-id'],
    ['node node_modules/offersight/dist/proxy/cli.js dev --origins a', 'dev --origins'],
    ['`npx offersight dev site --any-ids` is the shortest way', 'dev --any-ids'],
    ['npx offersight statuss --json', 'statuss'],
    ['Set `--admin-name ops.example.com`.', '--admin-name'],
    ['`data-oclusion` on the tag', 'data-oclusion'],
    ['card.dataset.offerExpire = expires;', 'data-offer-expire'],
    ['Alert on `offersight_oldest_waiting > 3600`.', 'offersight_oldest_waiting'],
    ['OFFERSIGHT_KEY=test npx offersight proxy', 'OFFERSIGHT_KEY'],
  ])('is missed if there is none: %s', (text, fault) => {
    expect(faultsIn(text)).toEqual([fault]);
  });

  it.each([
    'npx offersight status --intake sqlite:a.db   # not --any-flag',
    'offersight proxy --site acme | other --flag',
    'test_offersight_dev',
  ])('is not mixed up with others: %s', (text) => {
    expect(faultsIn(text)).toEqual([]);
  });
});
