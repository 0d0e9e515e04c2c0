/** The code, the statements and the configuration of docs/postgres.md, run word for word, except addresses. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { postgresIntake } from '../../../../src/proxy/intake/postgres/postgres.js';
import { blockAt } from '../../../support/blocks/places.js';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../support/postgres.js';
import { inProcess, outputOf } from '../../../support/processes.js';
import { START } from '../../../support/wire.js';

const ROOT = join(import.meta.dirname, '../../../..');

let postgres: PostgresServer;
let shop: string;

/** What readers write in place of the page's own values. */
const valuesHere = (): readonly (readonly [from: string | RegExp, to: string])[] => [
  [/\blocalhost:5432\b/g, new URL(shop).host],
  [/\bport=5432\b/g, `port=${new URL(shop).port}`],
  ["'offersight/proxy'", JSON.stringify(join(ROOT, 'src/proxy/index.ts'))],
  ["'offersight/proxy/postgres'", JSON.stringify(join(ROOT, 'src/proxy/intake/postgres/postgres.ts'))],
];

const here = (text: string): string =>
  valuesHere().reduce((filled, [from, to]) => filled.replaceAll(from, to), text);

beforeAll(async () => {
  if (!hasPostgres) return;
  postgres = await startPostgres();
  await postgres.ask('CREATE DATABASE shop');
  shop = postgres.url.replace(/\/postgres$/, '/shop');
  await postgres.ask(blockAt('docs/postgres.md, The schema and the user: sql'), [], shop);
}, 60_000);
afterAll(async () => {
  if (hasPostgres) await postgres.remove();
}, 60_000);

it.skipIf(!hasPostgres)(
  'code uses the database that the first statements make, and a name can be corrected',
  async () => {
    vi.stubEnv('DATABASE_URL', here('postgres://offersight:secret@localhost:5432/shop'));
    vi.stubEnv('OFFERSIGHT_API_KEY', 'test_docs');
    const child = inProcess(`${here(blockAt('docs/postgres.md: ts'))}
      console.log((await intake.status(Date.now())).waiting);
      await proxy.close();`);
    expect(await outputOf(child)).toBe('0\n');
    vi.unstubAllEnvs();
    await postgres.ask("UPDATE offersight.site SET name = 'brand-test'", [], shop);
    await postgres.ask(blockAt('docs/postgres.md, The schema and the user: sql 2'), [], shop);
    expect(await postgres.ask('SELECT name FROM offersight.site', [], shop)).toEqual([{ name: 'acme-test' }]);
  },
  60_000,
);

it.skipIf(!hasPostgres)(
  'an intake works behind the pooler that the block configures',
  async () => {
    const pooler = new URL(
      await postgres.startPooler(here(blockAt('docs/postgres.md, Behind a pooler: ini'))),
    );
    const intake = postgresIntake({ connection: shop.replace(new URL(shop).host, pooler.host) });
    intake.claim('acme-test');
    expect((await intake.status(START)).waiting).toBe(0);
    await intake.close();
  },
  60_000,
);
