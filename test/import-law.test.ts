import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** What a room may import: files below src by prefix, as values or only as types, and packages. */
interface Law {
  readonly values?: readonly string[];
  readonly types?: readonly string[];
  readonly packages?: readonly string[];
}

const PROTOCOL = ['batch', 'event', 'limits', 'retention', 'subject', 'encode', 'reply'].map(
  (room) => `protocol/${room}`,
);
const FIRST_LOAD = ['early', 'page', 'recording', 'outbox/outbox', 'outbox/indexeddb'].map(
  (room) => `client/${room}`,
);
/** What the second load has at once. Delivery is not among it, and comes by `import()`. */
const SECOND_LOAD = [
  ...[
    'asking',
    'consent',
    'counts',
    'decisions',
    'farewell',
    'learning',
    'meanwhile',
    'mounting',
    'noticing',
    'on-need',
  ],
  ...['reports', 'wrong-option'],
  ...['outbox/indexeddb-kinds', 'outbox/mended', 'outbox/told'],
].map((room) => `client/later/${room}`);
/** What an intake is, and the events that it takes and keeps. */
const INTAKE = ['proxy/intake/intake', 'proxy/intake/admitted'];
const FIRST_SIGHT = ['client/detect/registry', 'client/detect/exposure', 'client/detect/viewability'];

/** The table of docs/architecture.md; the longest matching room applies. */
const LAWS: Readonly<Record<string, Law>> = {
  errors: {},
  version: {},
  'script-tag': {},
  runtime: {},
  tabs: { types: ['runtime'] },
  protocol: { values: ['protocol', 'errors'], types: ['runtime'] },
  'client/options': {
    values: ['errors', 'protocol/limits', 'client/detect/viewability'],
    types: ['protocol', 'client'],
  },
  'client/page': { values: ['errors'], types: ['runtime'] },
  'client/times': {},
  'client/attributes': { values: ['client/times'], types: ['client/detect/placement'] },
  'client/detect': {
    values: ['client/detect', 'client/times', 'protocol/event', 'protocol/limits', 'errors'],
    types: ['client/page', 'runtime'],
  },
  'client/outbox': { values: ['client/outbox', ...PROTOCOL, 'errors'], types: ['runtime'] },
  'client/outbox/indexeddb': {
    types: ['client/outbox/records', 'runtime'],
    packages: ['idb-keyval'],
  },
  'client/early': { values: ['client/detect/exposure'], types: ['client/detect', 'client/page'] },
  'client/inside': { types: ['client'] },
  'client/offer-tracker': { types: ['client', 'protocol/event', 'runtime'] },
  'client/recording': {
    values: ['protocol/event', 'protocol/subject'],
    types: ['client/detect/placement', 'client/outbox/outbox', 'runtime'],
  },
  'client/first': {
    values: [...FIRST_LOAD, ...FIRST_SIGHT, 'errors', 'runtime'],
    types: ['client', 'protocol/event'],
  },
  'client/tracker': {
    values: ['client/first', 'client/options', 'errors'],
    types: ['client/inside', 'client/offer-tracker'],
  },
  'client/later/later': {
    values: [...SECOND_LOAD, 'client/outbox/indexeddb', 'protocol/event', 'errors'],
    types: ['client', 'runtime'],
  },
  'client/later/farewell': {
    values: [...PROTOCOL, 'errors'],
    types: ['client/outbox', 'client/page', 'runtime'],
  },
  'client/later/on-need': {
    values: ['client/later/asking', 'errors'],
    types: ['client/later/page-delivery', 'runtime'],
  },
  'client/later/learning': {
    types: ['client/later/on-need', 'client/outbox', 'client/page', 'runtime'],
  },
  'client/later/meanwhile': {
    types: ['client/later/on-need', 'client/later/outbox', 'client/outbox', 'runtime'],
  },
  'client/later/page-delivery': {
    values: [
      'client/later/background-sync',
      'client/later/delivering',
      'client/later/outbox/giving-up',
      'tabs',
      'version',
    ],
    types: ['client', 'errors', 'runtime'],
  },
  'client/later/on-request': {
    values: ['client/later/asking', 'client/later/detect', 'client/detect/exposure', 'errors'],
    types: ['client/later/detect', 'client/later/more/more', 'client/detect/placement'],
  },
  'client/later/asking': {
    types: [
      'client/later/more/more',
      'client/later/debug/debug',
      'client/later/page-delivery',
      'inspector/inspector',
    ],
  },
  'client/later/asking-script': { values: ['script-tag', 'version'], types: ['client/later/asking'] },
  'client/later/more': {
    values: [
      'client/later/more',
      'client/detect/exposure',
      'client/later/detect/roots',
      'client/later/detect/sight',
      'errors',
      'version',
    ],
    types: ['client/detect', 'client/options', 'client/page', 'client/later/outbox/remembering', 'runtime'],
  },
  'client/later/debug': {
    values: ['client/later/debug', 'client/later/diagnosis', 'protocol/event', 'protocol/group', 'version'],
    types: [
      'client/detect',
      'client/inside',
      'client/options',
      'client/page',
      'client/later/diagnosis',
      'runtime',
    ],
    packages: ['leven'],
  },
  'client/later/noticing': {
    values: ['client/later/asking', 'client/later/detect', 'client/later/on-request', 'errors'],
    types: [
      'client/early',
      'client/inside',
      'client/later/diagnosis',
      'client/detect',
      'client/options',
      'client/page',
      'runtime',
    ],
  },
  'client/later/detect': {
    values: ['client/later/detect', 'client/detect', 'protocol/event', 'protocol/limits', 'errors'],
    types: ['client/early', 'client/page', 'runtime'],
  },
  'client/later/wrong-option': { values: ['client/later/asking', 'errors'], types: ['client/options'] },
  'client/later/counts': { values: ['protocol/event'], types: ['client/detect', 'client/offer-tracker'] },
  'client/later/decisions': {
    values: ['protocol/event'],
    types: [
      'client/later/detect/controls',
      'client/later/outbox/leasing',
      'client/detect/placement',
      'client/detect/registry',
      'client/recording',
    ],
  },
  'client/later/consent': {
    values: ['errors', 'protocol/subject'],
    types: ['client/later/page-delivery', 'client/outbox', 'runtime'],
  },
  'client/later/delivering': {
    values: ['client/later/outbox', 'client/later/delivery', ...PROTOCOL, 'errors'],
    types: ['client/outbox', 'runtime'],
  },
  'client/later/delivery': {
    values: [
      'client/later/delivery',
      'client/later/outbox/remembering',
      'client/later/outbox/verdicts',
      'errors',
    ],
    types: ['client/later/outbox', 'client/outbox', 'protocol/limits', 'runtime'],
  },
  'client/later/delivery/transport': {
    values: [
      'client/later/delivery/backoff',
      'client/later/delivery/batch-size',
      'client/later/delivery/post',
      ...PROTOCOL,
    ],
    types: ['client/later/outbox/leasing', 'client/outbox', 'runtime'],
  },
  'client/later/delivery/post': { packages: ['ky'] },
  'client/later/delivery/post-script': { types: ['client/later/delivery/post'] },
  'client/later/outbox': {
    values: ['client/later/outbox', ...PROTOCOL, 'errors'],
    types: ['client/outbox', 'runtime'],
  },
  'client/later/background-sync': {},
  'client/later/data-layer': { types: ['protocol/event'] },
  'client/later/reports': {
    values: ['client/later/data-layer'],
    types: [
      'client/inside',
      'client/offer-tracker',
      'client/options',
      'client/later/outbox',
      'protocol/event',
    ],
  },
  'client/later/mounting': {
    values: ['protocol/event'],
    types: ['client/detect/placement', 'client/later/noticing'],
  },
  'client/later/diagnosis': {
    values: ['client/later/detect'],
    types: ['client/detect', 'client/page'],
  },
  index: {
    values: [
      'client/tracker',
      'client/attributes',
      'client/options',
      'client/later/diagnosis',
      'protocol/event',
      'errors',
    ],
    types: [''],
  },
  inspector: {
    values: [
      'inspector',
      'client/detect/exposure',
      'client/later/debug/checking',
      'client/later/debug/wording',
      'client/later/detect/controls',
      'client/later/detect/conventions',
      'client/later/detect/pressing',
      'client/later/detect/roots',
      'client/later/detect/sight',
      'client/later/diagnosis',
      'client/later/more/covering',
      'protocol/event',
      'protocol/subject',
      'runtime',
      'version',
    ],
    types: ['client'],
    packages: ['preact'],
  },
  script: { values: ['index', 'script-tag'] },
  'adapters/react': { values: ['index'], packages: ['react'] },
  'adapters/vue': { values: ['index'], packages: ['vue'] },
  'adapters/svelte': { values: ['index'], packages: ['svelte/action', 'svelte/attachments'] },
  'adapters/solid': { values: ['index'], packages: ['solid-js'] },
  'adapters/element': { values: ['index'] },
  testing: { values: ['testing'], types: ['index', 'protocol'] },
  'testing/endpoint': { values: ['protocol'] },
  'testing/tracker': {
    values: [
      'client/later/decisions',
      'client/later/detect',
      'client/detect',
      'client/recording',
      'protocol/event',
      'errors',
      'runtime',
    ],
    types: ['client'],
  },
  'service-worker': {
    values: [
      'client/later/background-sync',
      'client/later/delivering',
      'client/later/outbox',
      'client/outbox',
      'tabs',
      'runtime',
    ],
  },
  // The order inside the proxy, from below: reporting, the door, judging, keeping, forwarding, the operator.
  'proxy/telling': {
    values: ['proxy/telling', 'errors'],
    types: ['proxy/door/problem', 'proxy/forward/destination', 'protocol', 'runtime'],
  },
  'proxy/door': { values: ['proxy/door', 'protocol', 'errors'] },
  'proxy/door/budgets': {
    values: ['proxy/recent'],
    packages: ['rate-limiter-flexible/lib/RateLimiterMemory.js'],
  },
  'proxy/door/sharing': {
    values: ['proxy/door/budgets', 'proxy/recent'],
    types: ['proxy/intake/sharing', 'runtime'],
  },
  'proxy/door/machines': { types: ['proxy/door/exchange'], packages: ['isbot'] },
  'proxy/door/surroundings': {
    values: ['proxy/door/address', 'proxy/telling/alerts'],
    types: ['proxy/door/problem', 'runtime'],
  },
  'proxy/door/rate-limiter.d': { packages: ['rate-limiter-flexible'] },
  'proxy/judging': {
    values: [
      'proxy/judging',
      'proxy/forward/usage-events',
      'proxy/intake/ledger',
      'proxy/patience',
      'proxy/telling/alert',
      'proxy/telling/alerts',
      'protocol',
      'errors',
      'runtime',
    ],
    types: [
      'proxy/door',
      'proxy/intake',
      'proxy/options',
      'proxy/reported',
      'proxy/resolving',
      'proxy/telling',
    ],
  },
  'proxy/intake': {
    values: ['proxy/intake', 'proxy/telling/alerts', 'protocol', 'errors', 'runtime'],
  },
  'proxy/intake/direct': {
    values: [
      'proxy/intake/direct',
      'proxy/forward/blame',
      'proxy/forward/gate',
      'proxy/forward/refusals',
      'proxy/option-names',
      'proxy/patience',
      'proxy/recent',
      'errors',
    ],
    types: ['proxy/forward', ...INTAKE, 'proxy/telling', 'protocol', 'runtime'],
  },
  'proxy/intake/sql': {
    values: [
      'proxy/intake/sql',
      'proxy/intake/ledger',
      'proxy/intake/lease',
      'proxy/intake/rules',
      'proxy/telling/dead-codes',
      'proxy/intake/sharing',
      'proxy/patience',
      'proxy/recent',
      'protocol/reasons',
    ],
    types: [...INTAKE, 'protocol', 'runtime'],
    packages: ['node:crypto', 'node:timers/promises'],
  },
  'proxy/intake/sqlite': {
    values: [
      'proxy/intake/sqlite',
      'proxy/intake/sql',
      'proxy/intake/read-only',
      'proxy/intake/rules',
      'proxy/needs-node',
      'proxy/option-names',
      'proxy/patience',
      'errors',
      'runtime',
    ],
    types: [...INTAKE, 'proxy/intake/ledger', 'protocol'],
    packages: [
      'libsql',
      'node:fs',
      'node:module',
      'node:path',
      'node:timers/promises',
      'node:url',
      'node:worker_threads',
    ],
  },
  'proxy/intake/postgres': {
    values: [
      'proxy/intake/postgres',
      'proxy/intake/sql',
      'proxy/intake/read-only',
      'proxy/intake/rules',
      'proxy/forward/jumps',
      'proxy/needs-node',
      'proxy/option-names',
      'proxy/patience',
      'proxy/telling/alerts',
      'proxy/telling/cause',
      'errors',
      'runtime',
    ],
    types: [...INTAKE],
    packages: ['pg', 'node:net'],
  },
  'proxy/intake/lease': { packages: ['node:crypto', 'node:fs', 'node:os'] },
  'proxy/intake/redis': {
    values: [
      'proxy/intake/redis',
      'proxy/intake/ledger',
      'proxy/intake/lease',
      'proxy/intake/rules',
      'proxy/telling/dead-codes',
      'proxy/intake/sharing',
      'proxy/forward/jumps',
    ],
    types: [...INTAKE, 'runtime'],
    packages: ['node:timers/promises'],
  },
  'proxy/intake/redis/redis': {
    values: [
      'proxy/intake/redis',
      'proxy/intake/ledger',
      'proxy/intake/read-only',
      'proxy/intake/rules',
      'proxy/needs-node',
      'proxy/option-names',
      'proxy/telling/alerts',
      'errors',
      'runtime',
    ],
    types: [...INTAKE, 'protocol'],
    packages: ['ioredis', 'node:crypto'],
  },
  'proxy/intake/redis/redis-given': {
    values: ['proxy/intake/rules'],
    types: [...INTAKE],
    packages: ['node:crypto'],
  },
  'proxy/intake/redis/redis-client': {
    values: ['proxy/patience', 'proxy/telling/cause', 'errors'],
    types: ['runtime'],
    packages: ['ioredis'],
  },
  'proxy/intake/redis/migration': {
    values: ['proxy/intake/redis', 'proxy/intake/ledger', 'proxy/intake/rules'],
    types: ['runtime'],
    packages: ['node:crypto'],
  },
  'proxy/intake/bullmq': {
    values: ['proxy/intake/redis/redis', 'proxy/needs-node'],
    types: [...INTAKE],
    packages: ['ioredis'],
  },
  'proxy/forward': {
    values: ['proxy/forward', 'proxy/telling', 'errors'],
    types: ['proxy/intake', 'runtime'],
  },
  'proxy/forward/forwarding': {
    values: ['proxy/forward', 'proxy/intake/durable', 'proxy/telling', 'errors'],
    types: ['proxy/intake', 'proxy/resolving', 'runtime'],
  },
  'proxy/forward/http': {
    values: ['proxy/patience', 'proxy/telling/cause'],
    types: ['runtime'],
    packages: ['ky'],
  },
  'proxy/node-version': {},
  'proxy/needs-node': { values: ['proxy/node-version', 'errors'] },
  'proxy/patience': { types: ['runtime'] },
  'proxy/recent': { packages: ['lru-cache'] },
  'proxy/option-names': { values: ['errors'], packages: ['leven'] },
  'proxy/operator': {
    values: [
      'proxy/operator',
      'proxy/option-names',
      'proxy/door/address',
      'proxy/door/budgets',
      'proxy/door/problem',
      'proxy/intake/ledger',
      'proxy/judging/mac',
      'proxy/telling/alert',
      'proxy/telling/alert-codes',
      'proxy/telling/alerts',
      'proxy/telling/dead-codes',
      'protocol/limits',
      'protocol/reasons',
      'protocol/subject',
      'errors',
      'runtime',
    ],
    types: [...INTAKE, 'proxy/reported', 'protocol'],
  },
  'proxy/operator/page': {
    values: [
      'proxy/operator',
      'proxy/door/address',
      'proxy/door/problem',
      'proxy/intake/ledger',
      'proxy/intake/rules',
      'proxy/telling/dead-codes',
      'proxy/judging/mac',
      'protocol/reasons',
      'errors',
    ],
    types: [...INTAKE, 'protocol'],
    packages: ['d3-scale', 'node:fs', 'preact', 'preact-render-to-string'],
  },
  // The files that the operator's browser loads.
  'proxy/operator/page/live': {
    values: ['proxy/operator/page/event-rows', 'runtime'],
    packages: ['preact'],
  },
  'proxy/operator/page/event-rows': {
    values: ['proxy/operator/page/words'],
    types: [...INTAKE],
    packages: ['preact'],
  },
  'proxy/operator/page/words': {
    values: ['proxy/telling/dead-codes'],
    types: [...INTAKE, 'protocol/event'],
  },
  'proxy/results': { types: ['proxy/telling', 'protocol'] },
  'proxy/reported': { types: ['protocol/event'] },
  'proxy/options': { types: ['proxy', 'protocol', 'runtime'] },
  'proxy/resolving': {
    values: [
      'proxy/intake/durable',
      'proxy/judging/inspecting',
      'proxy/judging/signature',
      'proxy/option-names',
      'protocol/group',
      'proxy/telling/cause',
      'errors',
    ],
    types: ['proxy/door/budgets', 'proxy/door/machines', 'proxy/forward/gate', 'proxy/options'],
  },
  'proxy/handler': {
    values: [
      'proxy/door',
      'proxy/judging',
      'proxy/forward/forwarding',
      'proxy/forward/gate',
      'proxy/telling',
      'proxy/resolving',
      'proxy/results',
      'protocol',
      'runtime',
    ],
    types: [...INTAKE, 'proxy/options', 'proxy/reported'],
  },
  'proxy/index': {
    values: [
      'proxy/handler',
      'proxy/intake/direct',
      'proxy/judging/inspecting',
      'proxy/judging/signature',
      'proxy/needs-node',
      'proxy/operator/admin',
      'errors',
    ],
    types: ['proxy', 'protocol', 'runtime'],
  },
  'proxy/node': {
    values: [
      'proxy/node-messages',
      'proxy/needs-node',
      'proxy/option-names',
      'proxy/patience',
      'proxy/door/exchange',
      'errors',
      'runtime',
    ],
    packages: ['node:http', 'node:net', 'node:stream', 'node:stream/promises'],
  },
  'proxy/node-messages': {
    values: ['proxy/door/exchange', 'proxy/door/problem'],
    types: ['proxy/handler'],
    packages: ['node:http', 'node:stream', 'node:stream/web'],
  },
  dev: { values: ['dev', 'errors', 'runtime'], types: ['upstream'] },
  'dev/application': {
    values: ['proxy/cli/routes', 'upstream/callers'],
    packages: ['httpxy', 'node:http', 'node:net'],
  },
  'dev/folder': {
    values: ['proxy/cli/routes'],
    types: ['dev/application'],
    packages: ['node:fs', 'node:fs/promises', 'node:path', 'mrmime'],
  },
  'dev/options': {
    values: ['proxy/option-names', 'upstream/callers', 'errors'],
    types: ['dev/trail'],
    packages: ['node:fs', 'node:net', 'node:os'],
  },
  'dev/front': {
    values: [
      'dev/live',
      'dev/options',
      'proxy/cli/routes',
      'proxy/cli/script-file',
      'upstream/callers',
      'errors',
    ],
    types: ['dev/application'],
    packages: ['node:events', 'node:http', 'node:net'],
  },
  'dev/live-state': { types: ['dev/trail'] },
  'dev/live': {
    values: ['dev/live-state', 'proxy/cli/routes', 'upstream/callers', 'upstream/control'],
    types: ['dev/trail', 'runtime'],
    packages: ['node:fs', 'node:http'],
  },
  'dev/live/page': { values: ['dev/reasons', 'runtime'], types: ['dev/live-state', 'dev/trail'] },
  'dev/stand-in': { values: ['upstream/server', 'errors', 'runtime'], types: ['upstream/calls'] },
  'dev/dev': {
    values: ['dev', 'proxy/cli/routes', 'proxy/judging/inspecting', 'runtime'],
    types: ['upstream/server'],
    packages: ['node:path'],
  },
  'dev/running': {
    values: ['proxy'],
    types: ['dev/trail'],
    packages: ['node:fs/promises', 'node:os', 'node:path'],
  },
  'dev/operators': {
    values: ['dev/options', 'proxy/node'],
    types: ['proxy/cli/routes'],
    packages: ['node:events', 'node:net'],
  },
  // Rules see plain data. The rooms that send requests or drive a browser are apart from them.
  'doctor/finding': { types: ['doctor/observed'] },
  'doctor/observed': { types: ['doctor/browser-seen'] },
  'doctor/browser-seen': {},
  'doctor/not-looked': {},
  'doctor/limits': { types: ['runtime'] },
  'doctor/tags': { types: ['doctor/observed'] },
  'doctor/naming': { types: ['doctor/observed'] },
  'doctor/words': { types: ['doctor/finding'] },
  'doctor/rules': {
    values: [
      'doctor/rules',
      'client/later/debug/attribute-mistakes',
      'doctor/finding',
      'doctor/http/endpoint',
      'doctor/http/policy',
      'doctor/naming',
      'doctor/tags',
      'protocol/event',
    ],
    types: ['doctor/observed'],
  },
  'doctor/http': { values: ['doctor/http', 'doctor/limits'], types: ['doctor/observed', 'runtime'] },
  'doctor/http/asking': {
    values: ['doctor/limits'],
    types: ['doctor/observed', 'runtime'],
    packages: ['node:crypto'],
  },
  'doctor/http/markup': {
    values: ['doctor/limits', 'doctor/tags'],
    types: ['doctor/observed'],
    packages: ['parse5'],
  },
  'doctor/browser': {
    values: ['doctor/browser', 'doctor/http/endpoint', 'doctor/limits', 'doctor/naming', 'doctor/tags'],
    types: ['doctor/observed', 'runtime'],
    packages: ['puppeteer-core'],
  },
  'doctor/browser/in-page': {},
  'doctor/browser/in-page-closing': {},
  'doctor/browser/in-page-watch': {},
  'doctor/browser/in-page-surroundings': {},
  'doctor/browser/closed-trees': { values: ['doctor/limits'], packages: ['puppeteer-core'] },
  'doctor/browser/running': {
    values: ['doctor/limits'],
    packages: ['node:fs', 'node:fs/promises', 'node:os', 'node:path', 'puppeteer-core'],
  },
  'doctor/browser/guard': { values: ['doctor/http/endpoint'] },
  'doctor/browser/locating': { packages: ['node:fs', 'node:path'] },
  'doctor/lists': { values: ['doctor/lists'], types: ['doctor/observed'] },
  'doctor/lists/engine': {
    types: ['doctor/lists/names'],
    packages: ['@ghostery/adblocker', 'node:fs', 'node:path'],
  },
  'doctor/operator': { types: ['doctor/http/asking', 'doctor/observed'] },
  'doctor/doctor': { values: ['doctor', 'runtime'] },
  'testing/node': { values: ['dev/dev', 'proxy/needs-node', 'upstream/server'], types: ['dev', 'upstream'] },
  upstream: {
    values: ['upstream', 'runtime'],
    packages: ['node:crypto', 'node:events', 'node:fs', 'node:http', 'node:net', 'node:timers/promises'],
  },
  'proxy/cli/doctor-command': {
    values: ['proxy/cli', 'doctor/words'],
    types: ['doctor/doctor'],
  },
  'proxy/cli/dev-command': {
    values: ['proxy/cli', 'dev/call-lines'],
    types: ['dev', 'upstream/calls'],
    packages: ['node:events', 'node:path'],
  },
  'proxy/cli': {
    values: ['proxy', 'protocol/reasons', 'errors', 'runtime', 'version'],
    packages: [
      'node:crypto',
      'node:events',
      'node:fs',
      'node:fs/promises',
      'node:path',
      'node:http',
      'node:net',
      'node:stream',
      'node:stream/consumers',
      'node:stream/promises',
      'node:util',
      'prom-client',
      'undici',
    ],
  },
};

/** Rooms that may be imported only by `import()`. */
const DYNAMIC: Readonly<Record<string, readonly string[]>> = {
  'client/first': ['client/later/later'],
  'client/tracker': ['client/later/later'],
  'client/later/asking': [
    'client/later/more/more',
    'client/later/debug/debug',
    'client/later/page-delivery',
    'inspector/inspector',
  ],
  'proxy/cli': ['proxy/cli/main'],
  'dev/running': ['proxy/intake/sqlite/sqlite'],
  'proxy/intake/sqlite/sqlite-thread': ['proxy/intake/sqlite/sqlite-serving'],
  'proxy/intake/sqlite/sqlite-start': ['proxy/intake/sqlite/sqlite-serving'],
  'proxy/cli/dev-command': ['dev/dev', 'dev/stand-in'],
  'proxy/cli/doctor-command': ['doctor/doctor'],
  'proxy/cli/proxy-command': ['proxy/cli/serve'],
  'proxy/cli/sources': [
    'proxy/intake/postgres/postgres',
    'proxy/intake/sqlite/sqlite-opening',
    'proxy/intake/redis/redis',
    'proxy/intake/direct/direct',
  ],
};

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly kind: 'value' | 'type' | 'dynamic';
}

const ROOT = resolve('src');

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );

const roomOf = (file: string): string =>
  relative(ROOT, file)
    .replaceAll('\\', '/')
    .replace(/\.[jt]sx?$/, '');

const importsOf = (file: string): Import[] => {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
  const found: Import[] = [];
  const from = roomOf(file);
  const add = (specifier: ts.Node | undefined, kind: Import['kind']): void => {
    if (specifier && ts.isStringLiteral(specifier)) found.push({ from, specifier: specifier.text, kind });
  };
  const isTypeOnly = (names: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean =>
    names !== undefined &&
    (ts.isNamedImports(names) || ts.isNamedExports(names)) &&
    names.elements.length > 0 &&
    names.elements.every((element) => element.isTypeOnly);
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const isType =
        clause?.phaseModifier === ts.SyntaxKind.TypeKeyword ||
        (!clause?.name && isTypeOnly(clause?.namedBindings));
      add(node.moduleSpecifier, isType ? 'type' : 'value');
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly || isTypeOnly(node.exportClause) ? 'type' : 'value');
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], 'dynamic');
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

const lawOf = (room: string): Law | undefined => {
  const names = Object.keys(LAWS).filter((name) => room === name || room.startsWith(`${name}/`));
  const [name] = names.sort((a, b) => b.length - a.length);
  return name === undefined ? undefined : LAWS[name];
};

const isBelow = (room: string, prefixes: readonly string[] = []): boolean =>
  prefixes.some((prefix) => prefix === '' || room === prefix || room.startsWith(`${prefix}/`));

/** What is wrong with an import, if anything. */
const faultOf = ({ from, specifier, kind }: Import): string | undefined => {
  const law = lawOf(from);
  const shown = `${from} → ${specifier}${kind === 'value' ? '' : ` (${kind})`}`;
  if (!law) return `${from} is in no row of the law`;
  if (!specifier.startsWith('.')) return law.packages?.includes(specifier) ? undefined : shown;
  const room = roomOf(resolve(ROOT, dirname(from), specifier));
  if (kind === 'dynamic') return DYNAMIC[from]?.includes(room) ? undefined : shown;
  const isAllowed = isBelow(room, law.values) || (kind === 'type' && isBelow(room, law.types));
  // Only the proxy needs the strict decoder: a page would load it for nothing.
  const isDecoderInClient = room === 'protocol/decode' && from.startsWith('client');
  return isAllowed && !isDecoderInClient ? undefined : shown;
};

const IMPORTS = filesBelow(ROOT).flatMap(importsOf);

describe('the import law', () => {
  test('is kept by every import of src', () => {
    expect(IMPORTS.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
    expect(IMPORTS.length).toBeGreaterThan(50);
  });

  test('lets tools that trace files find what the thread of SQLite imports', () => {
    expect(IMPORTS).toContainEqual({
      from: 'proxy/intake/sqlite/sqlite-start',
      specifier: './sqlite-serving.js',
      kind: 'dynamic',
    });
  });

  test('knows every room', () => {
    expect(
      filesBelow(ROOT)
        .map(roomOf)
        .filter((room) => !lawOf(room)),
    ).toEqual([]);
  });

  test('catches a detector that imports the outbox, a page that imports the decoder, a stray package', () => {
    const forbidden: Import[] = [
      { from: 'client/detect/exposure', specifier: '../outbox/outbox.js', kind: 'value' },
      { from: 'client/later/farewell', specifier: '../../protocol/decode.js', kind: 'value' },
      { from: 'client/detect/exposure', specifier: '../later/detect/closing.js', kind: 'value' },
      { from: 'client/outbox/outbox', specifier: '../later/outbox/leasing.js', kind: 'value' },
      { from: 'client/outbox/outbox', specifier: '../later/outbox/leasing.js', kind: 'type' },
      { from: 'client/first', specifier: './later/later.js', kind: 'value' },
      { from: 'client/options', specifier: './later/later.js', kind: 'dynamic' },
      { from: 'client/detect/exposure', specifier: '../page.js', kind: 'value' },
      { from: 'proxy/handler', specifier: '../client/options.js', kind: 'type' },
      { from: 'proxy/handler', specifier: 'node:fs', kind: 'value' },
      { from: 'proxy/judging/signature', specifier: '../cli/serve.js', kind: 'value' },
      { from: 'proxy/door/problem', specifier: '../handler.js', kind: 'value' },
      { from: 'proxy/door/problem', specifier: '../handler.js', kind: 'type' },
      { from: 'proxy/forward/http', specifier: '../intake/sqlite/sqlite.js', kind: 'value' },
      { from: 'client/later/later', specifier: 'ky', kind: 'value' },
      { from: 'client/later/later', specifier: './page-delivery.js', kind: 'value' },
      { from: 'client/later/later', specifier: './outbox/leasing.js', kind: 'value' },
      { from: 'client/later/consent', specifier: './delivering.js', kind: 'value' },
    ];
    expect(forbidden.map(faultOf)).not.toContain(undefined);
  });

  test('lets only the second load import its rooms, and rooms whose own entry needs them', () => {
    const from = IMPORTS.filter(
      ({ from, specifier, kind }) =>
        kind === 'value' &&
        !from.startsWith('client/later/') &&
        roomOf(resolve(ROOT, dirname(from), specifier)).startsWith('client/later/'),
    );
    const importers = from.map(({ from }) => from.replace(/^(inspector|doctor)\/.*/, '$1'));
    expect(new Set(importers)).toEqual(
      new Set(['doctor', 'index', 'inspector', 'service-worker', 'testing/tracker']),
    );
    expect(from.filter(({ from }) => from === 'index').map(({ specifier }) => specifier)).toEqual([
      './client/later/diagnosis.js',
    ]);
  });

  test('has no cycle, of values or of types', () => {
    const next = new Map<string, string[]>();
    for (const { from, specifier, kind } of IMPORTS) {
      if (kind === 'dynamic' || !specifier.startsWith('.')) continue;
      next.set(from, [...(next.get(from) ?? []), roomOf(resolve(ROOT, dirname(from), specifier))]);
    }
    const cycles: string[] = [];
    const walk = (room: string, path: readonly string[]): void => {
      if (path.includes(room)) cycles.push([...path, room].join(' → '));
      else for (const to of next.get(room) ?? []) walk(to, [...path, room]);
    };
    for (const room of next.keys()) walk(room, []);
    expect(cycles).toEqual([]);
  });

  test('allows default exports only for tools that need them', () => {
    const offenders = filesBelow(ROOT).filter((file) => /^export default/m.test(readFileSync(file, 'utf8')));
    expect(offenders).toEqual([]);
  });
});
