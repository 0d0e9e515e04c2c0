/**
 * The application of Next's guide with `output: 'standalone'`: Next copies what the server needs into a folder of its own,
 * also the file of the intake's thread, which no code imports.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from '@playwright/test';
import { startUpstream } from '../../src/tools/mock-api/server.js';
import { STACKS } from '../fixtures/apps/stacks.js';
import { appliedFile, folderOf, isBuilt, workplace } from '../fixtures/apps/workplace.js';
import { freePort } from '../fixtures/free-port.js';
import { expect } from '../fixtures/patience.js';
import { bodyOf, eventOf, post } from '../fixtures/post.js';

/** A build of Next takes long on a busy machine. */
const BUILD_MS = 300_000;
/** The placeholder of the guide for the path of the intake's file. */
const FILE = "'offers.db'";

let children: ChildProcess[] = [];
let folders: string[] = [];

test.beforeEach(() => {
  [children, folders] = [[], []];
});
test.afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

/** Lays out the guide's application, with this output and with the intake's file at an absolute path. */
const layOut = async (file: string): Promise<string> => {
  const [stack] = STACKS.filter(({ name }) => name === 'next');
  if (!stack) throw new Error('There is no application of Next.');
  const application = { stack, isShort: false };
  const whole = folderOf(application);
  if (!isBuilt(application))
    throw new Error(`${whole} is not built as it is now: npm run build && npm run apps`);
  const folder = await mkdtemp(join(workplace(), 'next', 'standalone-'));
  folders.push(folder);
  await cp(whole, folder, { recursive: true, filter: (path) => !path.endsWith('/.next') });
  // The folder's own files may have the ports of a test that runs.
  for (const [path, content] of JSON.parse(await readFile(appliedFile(application), 'utf8')) as [
    string,
    string,
  ][])
    await writeFile(join(folder, path), content.replace(FILE, JSON.stringify(file)));
  const config = join(folder, 'next.config.ts');
  const before = await readFile(config, 'utf8');
  const after = before.replace('= {\n', "= {\n  output: 'standalone',\n");
  expect(after).not.toBe(before);
  await writeFile(config, after);
  return folder;
};

/** Builds it, and moves what Next made away from everything that it was made of. */
const buildAway = async (folder: string): Promise<string> => {
  const PATH = [join(workplace(), 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH, NEXT_TELEMETRY_DISABLED: '1' };
  const build = spawn('npm', ['run', 'build'], { cwd: folder, env });
  children.push(build);
  let output = '';
  for (const stream of [build.stdout, build.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const [code] = (await once(build, 'close')) as [number | null];
  expect(code, output).toBe(0);
  const away = await mkdtemp(join(tmpdir(), 'offersight-away-'));
  folders.push(away);
  await cp(join(folder, '.next/standalone'), away, { recursive: true, verbatimSymlinks: true });
  await rm(folder, { recursive: true });
  return away;
};

/** Starts a server by its file, and waits until it says that it is ready. */
const serve = async (file: string, env: Readonly<Record<string, string>>): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env.PATH, HOSTNAME: '127.0.0.1', NEXT_TELEMETRY_DISABLED: '1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise<void>((ready, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('Ready in')) ready();
    });
    child.once('close', (code) => failed(new Error(`${file} ended with ${code} before it was ready.`)));
  });
  return child;
};

test('a standalone server of Next keeps events in a file, and passes them on when it starts again', async () => {
  test.setTimeout(BUILD_MS);
  const kept = await mkdtemp(join(tmpdir(), 'offersight-kept-'));
  folders.push(kept);
  const folder = await layOut(join(kept, 'offers.db'));
  const away = await buildAway(folder);
  const server = join(away, folder.slice(workplace().length), 'server.js');
  const apiKey = `test_${randomBytes(8).toString('hex')}`;
  const upstream = await startUpstream({ apiKey, limits: { per_minute: null } });
  try {
    const port = await freePort();
    const env = {
      PORT: `${port}`,
      OFFERSIGHT_API_KEY: apiKey,
      OFFERSIGHT_MOCK_API: upstream.url,
      NODE_OPTIONS: `--import=${resolve('e2e/fixtures/apps/upstream-fetch.mjs')}`,
    };
    upstream.addFaults({ kind: 'down' });
    const first = await serve(server, env);
    const answer = await post(`http://127.0.0.1:${port}`, bodyOf(eventOf(1)));
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('accepted')]);
    const ended = once(first, 'close');
    first.kill('SIGKILL');
    await ended;
    expect(upstream.history()).toEqual([]);
    upstream.clearFaults();
    await serve(server, env);
    await upstream.until(() => upstream.history().length === 1, 60_000);
    expect(upstream.history()).toMatchObject([{ type: 'viewed', personalized_offer_id: 'a52ge1' }]);
  } finally {
    await upstream.close();
  }
});
