/** The blocks of docs/postgres.md, run word for word, except addresses. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { FLAGS } from '../../../../src/proxy/cli/flag-table.js';
import { read } from '../../../../src/proxy/cli/flags.js';
import { openIntake, placeOf } from '../../../../src/proxy/cli/sources.js';
import { temporaryFolder } from '../../../support/intake.js';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../support/postgres.js';
import { inProcess, outputOf } from '../../../support/processes.js';

const ROOT = join(import.meta.dirname, '../../../..');
const PAGE = readFileSync(join(ROOT, 'docs/postgres.md'), 'utf8');

/** The page's blocks of a language, in order. */
const blocksOf = (language: string): string[] =>
  [...PAGE.matchAll(/```(\w+)\n(.*?)```/gs)].flatMap(([, of, text = '']) => (of === language ? [text] : []));

let postgres: PostgresServer;
const folder = temporaryFolder();

beforeAll(async () => {
  if (hasPostgres) postgres = await startPostgres();
}, 60_000);
afterAll(async () => {
  folder.remove();
  if (hasPostgres) await postgres.remove();
}, 60_000);

/** Replaces every address of the page by the server's own. */
const here = (text: string): string =>
  text.replaceAll(/postgres:\/\/(\w+(?::\w+)?)@[\w.]+:\d+\/shop/g, (_, user: string) =>
    postgres.url.replace('postgres@', `${user}@`).replace(/\/postgres$/, '/shop'),
  );

it.skipIf(!hasPostgres)(
  'the blocks make the database, and code and the command line can read them word for word',
  async () => {
    await postgres.ask('CREATE DATABASE shop');
    const shop = postgres.url.replace(/\/postgres$/, '/shop');
    const [making = '', correcting = ''] = blocksOf('sql');
    await postgres.ask(making, [], shop);

    const [first = '', listening = ''] = blocksOf('ts').map((text) =>
      here(text)
        .replaceAll("'offersight/proxy'", JSON.stringify(join(ROOT, 'src/proxy/index.ts')))
        .replaceAll(
          "'offersight/proxy/postgres'",
          JSON.stringify(join(ROOT, 'src/proxy/intake/postgres/postgres.ts')),
        ),
    );
    vi.stubEnv('DATABASE_URL', here('postgres://offersight:secret@localhost:5432/shop'));
    vi.stubEnv('OFFERSIGHT_API_KEY', 'test_docs');
    const inCode = inProcess(`${first}
      console.log((await intake.status(Date.now())).waiting);
      await proxy.close();`);
    const inPlace = inProcess(`${listening}
      intake.claim('acme-test');
      console.log((await intake.status(Date.now())).waiting);
      await intake.close();`);
    expect(await Promise.all([outputOf(inCode), outputOf(inPlace)])).toEqual(['0\n', '0\n']);
    vi.unstubAllEnvs();

    const secret = join(folder.path, 'postgres');
    writeFileSync(secret, here('postgres://offersight:secret@localhost:5432/shop'));
    const commands = here(blocksOf('sh').join('')).replaceAll('/run/secrets/postgres', secret);
    for (const line of commands.trim().split('\n')) {
      const [, variable = 'NOTHING', value, command = '', given = ''] =
        /^(?:(\w+)=(\S+) )?npx offersight (\w+) (.*)$/.exec(line) ?? [];
      if (value !== undefined) vi.stubEnv(variable, value);
      const { values } = read(given.split(' '), FLAGS[command as 'proxy' | 'status']);
      const intake = await openIntake(placeOf(values));
      expect((await intake.status(Date.now())).waiting).toBe(0);
      await intake.close();
      vi.unstubAllEnvs();
    }

    await postgres.ask(correcting, [], shop);
    expect(await postgres.ask('SELECT name FROM offersight.site', [], shop)).toEqual([{ name: 'acme-test' }]);
  },
  60_000,
);

it('the block for the pooler has the setting of the tests’ own pooler', () => {
  expect(blocksOf('ini')).toHaveLength(1);
  expect(blocksOf('ini')[0]).toContain('pool_mode = transaction');
});
