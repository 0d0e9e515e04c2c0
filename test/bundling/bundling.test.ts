/** What applications load of the packed package: what they import and nothing else, in two loads, without a warning. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { install, pack } from '../../e2e/fixtures/packed.js';
import { type Bundler, bundleByVite, bundleByWebpack } from './bundlers.js';

const FRAMEWORKS = ['react', 'solid-js', 'svelte', 'vue'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offersight-'));
  await install(pack(folder), folder, FRAMEWORKS);
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

/** Pages that use one function, which rooms of the package come with it, and from which other packages. */
const ONE_FUNCTION = [
  ['isOffersightError', 'offersight', ['errors']],
  ['offerAttributes', 'offersight', ['client/attributes', 'client/times']],
  ['markOffer', 'offersight', ['client/attributes', 'client/times']],
  ['Offer', 'offersight/react', ['adapters/react', 'client/attributes', 'client/times', 'react']],
  ['useOffer', 'offersight/react', ['adapters/react', 'react']],
  ['offer', 'offersight/svelte', ['adapters/svelte', 'client/attributes', 'client/times']],
  ['offer', 'offersight/solid', ['adapters/solid', 'client/attributes', 'client/times', 'solid-js']],
] as const;

const BUNDLERS: readonly (readonly [string, Bundler])[] = [
  ['Vite', bundleByVite],
  ['webpack', bundleByWebpack],
];

describe.each(BUNDLERS)('a page that %s bundles', (name, bundle) => {
  let pages = 0;
  const loadsOf = async (code: string) => {
    const page = `${name}-${pages++}.js`;
    await writeFile(join(folder, page), code);
    const loads = await bundle(folder, page);
    expect(loads.warnings).toEqual([]);
    return loads;
  };

  it.each(ONE_FUNCTION)(
    'loads only %s from %s',
    async (used, entry, rooms) => {
      const { first, later } = await loadsOf(`import { ${used} } from '${entry}'; console.log(${used});`);
      expect(first).toEqual(rooms);
      expect(later).toEqual([]);
    },
    120_000,
  );

  it('loads of Vue’s directive no tracker', async () => {
    const { first, later } = await loadsOf(`import { vOffer } from 'offersight/vue'; console.log(vOffer);`);
    expect(first.filter((room) => room.includes('/') && !room.startsWith('@'))).toEqual([
      'adapters/vue',
      'client/attributes',
      'client/times',
    ]);
    expect(later).toEqual([]);
  }, 120_000);

  it('loads a tracker without what is needed later: that comes in a load of its own', async () => {
    const { first, later } = await loadsOf(
      `import { createOfferTracker } from 'offersight'; createOfferTracker({ endpoint: '/offer-events' });`,
    );
    expect(first).toEqual(expect.arrayContaining(['client/tracker', 'client/detect/exposure', 'idb-keyval']));
    expect(first.filter((room) => /^(ky|client\/(delivery|later|diagnosis|attributes))/.test(room))).toEqual(
      [],
    );
    expect(later).toEqual(
      expect.arrayContaining(['client/later/offer-part', 'client/later/delivery/flusher', 'ky']),
    );
    // What explains is a part of what loads for who sets a page up.
    expect(later.filter((room) => /proxy|testing|adapters|service-worker/.test(room))).toEqual([]);
    expect(later.filter((room) => first.includes(room))).toEqual([]);
  }, 120_000);

  it('loads explaining where it asks for that', async () => {
    const { first } = await loadsOf(
      `import { createOfferTracker, explain } from 'offersight';
       createOfferTracker({ endpoint: '/offer-events', debug: explain(console.log) });`,
    );
    expect(first).toContain('client/later/diagnosis');
  }, 120_000);

  it.each([
    ['element', 'adapters/element'],
    ['service-worker', 'service-worker'],
  ])(
    'keeps offersight/%s, which is imported for what it does',
    async (entry, room) => {
      const { first } = await loadsOf(`import 'offersight/${entry}';`);
      expect(first).toContain(room);
    },
    120_000,
  );

  it('loads nothing where a name is imported and not used', async () => {
    const { first, later } = await loadsOf(`import { createOfferTracker } from 'offersight';`);
    expect([...first, ...later]).toEqual([]);
  }, 120_000);
});
