// Weighs what a browser loads, in brotli bytes, and fails above the budget or if one of the README's tables has another size.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import terserModule from '@rollup/plugin-terser';
import { rollup } from 'rollup';

// Its declarations are those of its other build, which has the function one level below.
const terser = 'default' in terserModule ? terserModule.default : terserModule;

/** @param {string | Buffer} code */
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
            ? `import { createOfferTracker } from '${resolve('dist/index.js')}';
               createOfferTracker({ endpoint: '/offer-events' });`
            : null,
      },
      nodeResolve({ browser: true }),
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
    output.filter((each) => each.type === 'chunk').map((chunk) => [chunk.fileName, chunk]),
  );
  /** @param {string} name */
  const chunkOf = (name) => {
    const chunk = chunks.get(name);
    if (!chunk) throw new Error(`There is no chunk ${name}.`);
    return chunk;
  };
  const [entry] = output;
  const first = new Set([entry.fileName]);
  for (const name of first) for (const imported of chunkOf(name).imports) first.add(imported);
  /** @param {readonly string[]} names */
  const sum = (names) => names.reduce((bytes, name) => bytes + weigh(chunkOf(name).code), 0);
  /**
   * The chunks that load with a chunk and were not there before.
   * @param {string} name
   * @param {ReadonlySet<string>} before
   */
  const withAll = (name, before) => {
    const loaded = new Set([name]);
    for (const each of loaded)
      for (const imported of chunkOf(each).imports) if (!before.has(imported)) loaded.add(imported);
    return loaded;
  };
  const offers = withAll('offer-part.js', first);
  const both = new Set([...first, ...offers]);
  const closing = [...withAll('closing-part.js', both)];
  const more = [...withAll('more.js', both)];
  const debug = [...withAll('debug.js', both)];
  const inspector = [...withAll('inspector.js', both)];
  const known = new Set([...both, ...closing, ...more, ...debug, ...inspector]);
  const unknown = [...chunks.keys()].filter((name) => !known.has(name));
  if (unknown.length) throw new Error(`Nobody loads ${unknown.join(', ')}.`);
  return {
    first: sum([...first]),
    offers: sum([...offers]),
    closing: sum(closing),
    more: sum(more),
    debug: sum(debug),
    inspector: sum(inspector),
  };
};

const page = await bundlePage();
const ROWS = {
  first: 'at first, to see and to store',
  offers: 'with the first offer, to send and to notice marks',
  closing: 'to notice closing that no attribute marks',
  more: 'on request, for some options',
  debug: 'under `debug`',
  inspector: 'when the inspector opens',
};
/** @param {string} suffix */
const fileOf = (suffix) => weigh(readFileSync(`dist/offersight${suffix}.js`));
const [script, offers] = [fileOf(''), fileOf('-offers')];
/**
 * What is weighed: `row` and `way` name the cell of the README's table that has the size.
 * @type {readonly { row: keyof typeof ROWS, way: string, bytes: number, budget: number }[]}
 */
const weights = [
  { row: 'first', way: 'from npm', bytes: page.first, budget: 5_900 },
  { row: 'offers', way: 'from npm', bytes: page.offers, budget: 19_900 },
  { row: 'closing', way: 'from npm', bytes: page.closing, budget: 5_700 },
  { row: 'more', way: 'from npm', bytes: page.more, budget: 1_350 },
  { row: 'debug', way: 'from npm', bytes: page.debug, budget: 4_450 },
  { row: 'inspector', way: 'from npm', bytes: page.inspector, budget: 26_500 },
  { row: 'first', way: 'by script tag', bytes: script, budget: 6_400 },
  { row: 'offers', way: 'by script tag', bytes: offers, budget: 16_500 },
  { row: 'closing', way: 'by script tag', bytes: fileOf('-closing'), budget: 7_000 },
  { row: 'more', way: 'by script tag', bytes: fileOf('-more'), budget: 1_650 },
  { row: 'debug', way: 'by script tag', bytes: fileOf('-debug'), budget: 4_100 },
  { row: 'inspector', way: 'by script tag', bytes: fileOf('-inspector'), budget: 27_000 },
];

const table = readFileSync('README.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim()));
const ways = table.find(([, title]) => title === 'Offersight loads') ?? [];
let failed = 0;
for (const { row, way, bytes, budget } of weights) {
  const size = `${(bytes / 1000).toFixed(1)} KB`;
  const isTold = table.find(([, title]) => title === ROWS[row])?.[ways.indexOf(way)] === size;
  const isOver = bytes > budget;
  if (isOver || !isTold) failed++;
  const repair = isOver
    ? ', over budget: first simplify what is there; if that is not enough, see “Bytes” in CONTRIBUTING.md'
    : `; the README's table must say ${size}`;
  console.log(`${ROWS[row]}, ${way}: ${bytes} of ${budget} bytes brotli${isOver || !isTold ? repair : ''}`);
}
// The table of trackers has what a page with an offer loads by script tag: the sum of what the other table says.
const scriptSize = `${[script, offers].reduce((sum, bytes) => sum + Number((bytes / 1000).toFixed(1)), 0).toFixed(1)} KB`;
const compared = table.find(([, title]) => title === '**Offersight**')?.at(-2);
if (compared !== scriptSize) {
  failed++;
  console.log(
    `Offersight, among other trackers: the README's table says ${compared} and must say ${scriptSize}`,
  );
}
process.exitCode = failed ? 1 : 0;
