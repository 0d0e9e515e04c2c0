// Weighs what a browser loads, in brotli bytes, and fails above the budget or where the README tells another size.
import { readFileSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import resolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import { rollup } from 'rollup';

const weigh = (code) =>
  brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } })
    .length;

/** What a page loads that imports the package and creates a tracker: first at once, then on demand. */
const bundlePage = async () => {
  const bundle = await rollup({
    input: 'page',
    plugins: [
      {
        name: 'page',
        resolveId: (id) => (id === 'page' ? id : null),
        load: (id) =>
          id === 'page'
            ? `import { createOfferTracker } from '${resolvePath('dist/index.js')}';
               createOfferTracker({ endpoint: '/offer-events' });`
            : null,
      },
      resolve({ browser: true }),
    ],
  });
  const { output } = await bundle.generate({
    format: 'es',
    // A hash would change the figures by chance.
    chunkFileNames: '[name].js',
    plugins: [
      terser({
        ecma: 2022,
        module: true,
        compress: { passes: 3, unsafe: true, unsafe_arrows: true, unsafe_methods: true },
      }),
    ],
  });
  await bundle.close();
  const chunks = new Map(
    output.filter(({ type }) => type === 'chunk').map((chunk) => [chunk.fileName, chunk]),
  );
  const [entry] = output;
  const first = new Set([entry.fileName]);
  for (const name of first) for (const imported of chunks.get(name).imports) first.add(imported);
  const sum = (names) => names.reduce((bytes, name) => bytes + weigh(chunks.get(name).code), 0);
  /** What loads with a chunk and was not there before. */
  const withAll = (name, before) => {
    const loaded = new Set([name]);
    for (const each of loaded)
      for (const imported of chunks.get(each).imports) if (!before.has(imported)) loaded.add(imported);
    return loaded;
  };
  const later = withAll('later.js', first);
  const both = new Set([...first, ...later]);
  const [more, debug, inspector] = ['more.js', 'debug.js', 'inspector.js'].map((name) => [
    ...withAll(name, both),
  ]);
  const known = new Set([...both, ...more, ...debug, ...inspector]);
  const unknown = [...chunks.keys()].filter((name) => !known.has(name));
  if (unknown.length) throw new Error(`Nobody loads ${unknown.join(', ')}.`);
  return {
    first: sum([...first]),
    later: sum([...later]),
    more: sum(more),
    debug: sum(debug),
    inspector: sum(inspector),
  };
};

const page = await bundlePage();
const rows = [
  { name: 'module, first load', bytes: page.first, budget: 4_590 },
  { name: 'module, second load', bytes: page.later, budget: 16_390 },
  { name: 'module, on request', bytes: page.more, budget: 3_100 },
  { name: 'script file', bytes: weigh(readFileSync('dist/offersight.js')), budget: 17_410 },
  {
    name: 'script file, on request',
    bytes: weigh(readFileSync('dist/offersight-more.js')),
    budget: 3_500,
  },
  { name: 'module, to debug', bytes: page.debug, budget: 2_700 },
  { name: 'module, to inspect', bytes: page.inspector, budget: 20_100 },
  {
    name: 'script file, to inspect',
    bytes: weigh(readFileSync('dist/offersight-inspector.js')),
    budget: 20_000,
  },
  { name: 'script file, to debug', bytes: weigh(readFileSync('dist/offersight-debug.js')), budget: 2_550 },
];

const readme = readFileSync('README.md', 'utf8').replace(/ +/g, ' ');
let failed = 0;
for (const { name, bytes, budget } of rows) {
  const kilobytes = `${(bytes / 1000).toFixed(1)} KB`;
  const isTold = readme.includes(`| ${name} | ${kilobytes} |`);
  if (bytes > budget || !isTold) failed++;
  console.log(
    `${name}: ${bytes} of ${budget} bytes brotli${bytes > budget ? ', over budget' : ''}` +
      `${isTold ? '' : `; the README must say "| ${name} | ${kilobytes} |"`}`,
  );
}
process.exitCode = failed ? 1 : 0;
