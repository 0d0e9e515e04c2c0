// The import law: what each part of `src/` may import of the others, of packages and of Node. `npm run law` checks it.

/** These files may be imported everywhere. */
const SHARED = '(errors|runtime|tabs|version|script-tag)\\.';

// A row has a name, the beginning of the paths of a part, what these files may import of `src/`, and why no more. The last
// column is what they may import only as types or by `import()`. A file that several rows cover has to keep all of them.
// biome-ignore format: a row is a line
const PARTS = [
  ['shared', SHARED, '(?!)', 'Everything imports them.', 'runtime'],
  ['protocol', 'protocol/', 'protocol/', 'Both halves share it, so it knows neither.', 'runtime'],
  ['client', 'client/', `client/|protocol/(?!decode)|${SHARED}`, 'Pages would load it.', 'tools/inspector/'],
  ['seeing', 'client/((later/)?detect|later/closing)/', 'client/((later/)?detect/|later/closing/|times)|version', 'Seeing does not know how events are kept and sent.', 'client/(early|page)|protocol/event|runtime'],
  ['delivering', 'client/(later/)?(outbox|delivery)/', `client/(later/)?(outbox|delivery)/|protocol/|${SHARED}`, 'A service worker does it as well, and has no page.'],
  ['entries', '(index|script|service-worker)\\.|adapters/', `index|client/|${SHARED}`, 'Pages would load it.', 'protocol/'],
  ['testing', 'testing(\\.|/(?!node))', `testing/|client/|protocol/|${SHARED}`, 'Pages would load it.', 'index'],
  ['testing-node', 'testing/node', 'tools/(dev|mock-api)/|proxy/needs-node', 'It only starts the tools.'],
  ['proxy', 'proxy/(?!cli/)', `proxy/|protocol/|${SHARED}`, 'It knows neither pages nor tools.'],
  ['proxy-rooms', 'proxy/(door|alerts|authorize|intake|forward)/', `proxy/(?!(operator|cli)/|(handler|index|node|cli)\\.)|protocol/|${SHARED}`, 'A part does not know what is composed of it.'],
  ['door', 'proxy/door/', `proxy/(door/|alerts/|recent)|protocol/|${SHARED}`, 'It decides before anything is known of the events.'],
  ['sql', 'proxy/intake/sql/', `proxy/(intake/(?!sqlite|postgres|direct)|alerts/|patience)|protocol/|${SHARED}`, 'It serves any database.'],
  ['operator', 'proxy/operator/', `proxy/(?!cli/)|protocol/|${SHARED}`, 'It needs no command line.'],
  ['live-view', 'proxy/operator/page/live/', 'proxy/operator/page/(live/|event-rows)|runtime', 'The operator’s browser loads it.'],
  ['commands', 'proxy/cli/', `proxy/|protocol/|tools/dev/call-lines|tools/doctor/words|${SHARED}`, 'Only the command of a tool loads it.', 'tools/(dev|doctor|mock-api)/'],
  ['inspector', 'tools/inspector/', `tools/inspector/|client/|protocol/(?!decode)|${SHARED}`, 'Pages load it.'],
  ['doctor', 'tools/doctor/', `tools/doctor/|protocol/|client/later/debug/|proxy/forward/restricted|${SHARED}`, 'It sees a deployment from outside.'],
  ['doctor-rules', 'tools/doctor/rules/', 'tools/doctor/(rules/|http/|[^/]+$)|protocol/|client/later/debug/|proxy/forward/restricted', 'Rules see plain data.'],
  ['doctor-in-page', 'tools/doctor/browser/in-page', '(?!)', 'It is sent to the browser as text.'],
  ['dev', 'tools/dev/', `tools/(dev|mock-api)/|proxy/|${SHARED}`, 'The page is the user’s own.'],
  ['mock-api', 'tools/mock-api/', 'tools/mock-api/|runtime', 'It stands for Chargebee, and never meets our code.'],
];

/** Which files may import a package, by the beginnings of their paths; no other package may be imported. */
const PACKAGES = {
  '@ghostery/adblocker': 'tools/doctor/lists/',
  commander: 'proxy/cli/',
  'd3-scale': 'proxy/operator/page/',
  httpxy: 'tools/dev/',
  'idb-keyval': 'client/outbox/indexeddb',
  'ipaddr.js': 'proxy/door/address',
  isbot: 'proxy/door/admission',
  ky: 'client/later/delivery/post|proxy/forward/http',
  leven: 'client/later/debug/|proxy/option-names',
  libsql: 'proxy/intake/sqlite/',
  'lru-cache': 'proxy/recent',
  mrmime: 'tools/dev/',
  parse5: 'tools/doctor/http/',
  pg: 'proxy/intake/postgres/',
  preact: 'tools/inspector/|proxy/operator/page/',
  'preact-render-to-string': 'proxy/operator/page/',
  'prom-client': 'proxy/cli/',
  'puppeteer-core': 'tools/doctor/browser/',
  react: 'adapters/react',
  'solid-js': 'adapters/solid',
  svelte: 'adapters/svelte',
  undici: 'proxy/cli/',
  vue: 'adapters/vue',
  zod: 'proxy/(settings/|cli/|operator/(programs|questions)|resolving|intake/rules)',
};
/** Which files may import Node's own modules; the others also run in browsers and other runtimes. */
const NODE =
  'proxy/(cli/|node|operator/page/[^/]+$|intake/(sql|sqlite|postgres)/)|tools/dev/(?!live/)|tools/doctor/(?!rules/)|tools/mock-api/|testing/node';

/** What is loaded only when a page or a process needs it. Others of that half import it as types or by `import()`. */
const ON_NEED = {
  offers: ['client/|script\\.', 'client/later/'],
  closing: ['client/', 'client/later/closing/'],
  more: ['client/', 'client/later/more/'],
  debug: ['client/', 'client/later/debug/'],
  intake: ['proxy/|tools/dev/', 'proxy/intake/(sqlite|postgres)/'],
};

const below = (paths) => `^src/(${paths})`;
const packageAt = (name) => `(^|node_modules/)(@types/)?${name.replace('.', '\\.')}(/|$)`;
const isNeeded = { dependencyTypesNot: ['type-only', 'dynamic-import'] };
const allowed = PARTS.flatMap(([name, part, values, comment, types = '(?!)']) => [
  { name, comment, from: { path: below(part) }, to: { path: '^src/', pathNot: below(`${values}|${types}`) } },
  {
    name: `${name}-types`,
    comment,
    from: { path: below(part) },
    to: { path: below(types), pathNot: below(values), ...isNeeded },
  },
]);
const packages = Object.entries(PACKAGES).map(([name, part]) => ({
  name: `package-${name}`,
  from: { path: '^src/', pathNot: below(part) },
  to: { path: packageAt(name), pathNot: '^src/' },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...allowed,
    ...packages,
    ...Object.entries(ON_NEED).map(([name, [half, part]]) => ({
      name: `${name}-on-need`,
      from: { path: below(half), pathNot: below(part) },
      to: { path: below(part), ...isNeeded },
    })),
    {
      name: 'package',
      from: { path: '^src/' },
      to: { pathNot: ['^src/', ...Object.keys(PACKAGES).map(packageAt)], dependencyTypesNot: ['core'] },
    },
    { name: 'node', from: { path: '^src/', pathNot: below(NODE) }, to: { dependencyTypes: ['core'] } },
    {
      name: 'in-no-part',
      from: { path: '^src/', pathNot: below(PARTS.map(([, part]) => part).join('|')) },
      to: {},
    },
    { name: 'cycle', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['dynamic-import'] } } },
  ].map((rule) => ({ severity: 'error', ...rule })),
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  },
};
