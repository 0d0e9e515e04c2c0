/**
 * A server with an intake in a file, bundled into one file. libsql is loaded beside that file, so the package should stay
 * outside. A bundle that contains it works, or says what is wrong when the proxy is created.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build, type Format } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { install, pack } from '../../e2e/fixtures/packed.js';
import { bodyOf, eventOf, post } from '../../e2e/fixtures/post.js';
import { startUpstream, type Upstream } from '../../src/tools/mock-api/server.js';

const API_KEY = 'test_bundled_0123456789';
const SERVER = `
  import { createOfferProxy } from 'offersight/proxy';
  import { createOfferServer, toNodeListener } from 'offersight/proxy/node';
  import { sqliteIntake } from 'offersight/proxy/sqlite';

  const [file, baseUrl] = process.argv.slice(2);
  const intake = sqliteIntake({ file });
  const proxy = createOfferProxy({ site: 'acme-test', apiKey: '${API_KEY}', baseUrl, intake });
  const server = createOfferServer(toNodeListener(proxy)).listen(0, '127.0.0.1', () => {
    console.log('http://127.0.0.1:' + server.address().port);
  });
`;

/** What the documentation says to keep outside, as it writes it for esbuild. */
const documentedExternals = async (): Promise<string[]> => {
  const flags = (await readFile('docs/operations.md', 'utf8')).match(/--external:[a-z]+/g) ?? [];
  return flags.map((flag) => flag.replace('--external:', ''));
};

let project: string;
let bare: string;
let upstream: Upstream;

beforeAll(async () => {
  [project, bare] = (await Promise.all(
    ['project', 'bare'].map((name) => mkdtemp(join(tmpdir(), `offersight-${name}-`))),
  )) as [string, string];
  await install(pack(project), project, ['libsql']);
  await writeFile(join(project, 'server.js'), SERVER);
}, 120_000);
afterAll(() => Promise.all([project, bare].map((folder) => rm(folder, { recursive: true }))));

beforeEach(async () => {
  upstream = await startUpstream({ apiKey: API_KEY });
});
afterEach(() => upstream.close());

/** Bundles the server. @returns The bundle's path. */
const bundle = async (format: Format, external: string[]): Promise<string> => {
  const outfile = join(project, `server-${external.length}.${format === 'esm' ? 'mjs' : 'cjs'}`);
  const built = await build({
    entryPoints: [join(project, 'server.js')],
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
    ...{ format, external, outfile },
  });
  expect([...built.errors, ...built.warnings]).toEqual([]);
  return outfile;
};

/** Runs a bundle, and lets the test use the server until it ends. */
const run = (file: string) => {
  const child = spawn(process.execPath, [file, `${file}.db`, upstream.url]);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stderr }));
  const url = new Promise<string>((found, failed) => {
    child.stdout.once('data', (line: Buffer) => found(line.toString().trim()));
    void ended.then(({ stderr: said }) => failed(new Error(said)));
  });
  // A test may only want to see how it ends.
  url.catch(() => undefined);
  return { url, ended, end: () => child.kill() };
};

describe.each<Format>(['esm', 'cjs'])('a server that esbuild bundles as %s', (format) => {
  it('passes events on if the documented packages are left outside', async () => {
    const externals = await documentedExternals();
    expect(externals).toContain('offersight');
    const server = run(await bundle(format, externals));
    const answer = await post(await server.url, bodyOf(eventOf(1)));
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('accepted')]);
    await upstream.until(() => upstream.history().length === 1);
    expect(upstream.history()).toMatchObject([{ type: 'viewed', personalized_offer_id: 'a52ge1' }]);
    server.end();
    await server.ended;
  }, 60_000);
});

const INSIDE: readonly (readonly [string, string[]])[] = [
  ['contains the package and libsql', []],
  ['contains the package', ['libsql']],
];

it.each(INSIDE)(
  'a server of esm that %s passes events on where libsql is installed',
  async (_, externals) => {
    const server = run(await bundle('esm', externals));
    expect((await post(await server.url, bodyOf(eventOf(1)))).status).toBe(200);
    await upstream.until(() => upstream.history().length === 1);
    server.end();
    await server.ended;
  },
  60_000,
);

it.each(INSIDE)(
  'a server of cjs that %s says what to leave outside when the proxy is created',
  async (_, externals) => {
    const { code, stderr } = await run(await bundle('cjs', externals)).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('OffersightError: configuration: The intake cannot load libsql:');
    expect(stderr).toContain('leave the package offersight out of the bundle');
  },
  60_000,
);

it('a server in a folder that has nothing else says what to install', async () => {
  const built = await bundle('esm', []);
  const alone = join(bare, basename(built));
  await copyFile(built, alone);
  const { code, stderr } = await run(alone).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('Add it with: npm install libsql');
}, 60_000);
