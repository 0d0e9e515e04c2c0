/**
 * Follows the guides in docs/start: installs every application with the packed package, writes the files that its
 * guide shows over its starter, and builds it by its own tool. A guide with optional sections is followed twice: with
 * them and without them. `node --import tsx scripts/apps.ts [stack…]`
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Application, applicationsOf, readGuide, STARTERS } from '../e2e/fixtures/apps/guide.js';
import { STACKS } from '../e2e/fixtures/apps/stacks.js';
import {
  folderOf,
  isBuilt,
  lockStamp,
  stampFile,
  stampOf,
  workplace,
} from '../e2e/fixtures/apps/workplace.js';
import { pack } from '../e2e/fixtures/packed.js';

/** Builds that go on at once. */
const AT_ONCE = 2;

const QUIET = {
  NEXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NG_CLI_ANALYTICS: 'false',
  CI: '1',
};

/** Runs a command to its end; what it wrote is shown only if it fails. */
const run = (command: string, cwd: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, { cwd, shell: true, env: { ...process.env, ...QUIET } });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}:\n${output}`)),
    );
  });

const timed = async (what: string, work: () => Promise<void>): Promise<void> => {
  const startedAt = Date.now();
  await work();
  console.log(`${what}: ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
};

const installAll = async (root: string): Promise<void> => {
  await rm(root, { recursive: true, force: true });
  await cp(STARTERS, root, { recursive: true });
  await run('npm ci --no-audit --no-fund', root);
};

/** Writes what the guide shows over the starter; only what the tools themselves made stays. */
const build = async (application: Application): Promise<void> => {
  const { files, commands } = readGuide(application);
  const folder = folderOf(application);
  await cp(join(STARTERS, application.name), folder, { recursive: true });
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  for (const command of commands.build) await run(command, folder);
  await writeFile(stampFile(application), stampOf(application));
};

const chosen = process.argv.slice(2);
const root = workplace();
const complete = join(root, '.installed');
const isInstalled = existsSync(complete) && readFileSync(complete, 'utf8') === lockStamp();
const waiting = STACKS.flatMap(({ name }) => applicationsOf(name)).filter((application) =>
  chosen.length ? chosen.includes(application.name) : !isBuilt(application),
);
console.log(`applications in ${root}`);
if (waiting.length) {
  if (!isInstalled) {
    await timed('npm ci', () => installAll(root));
    await writeFile(complete, lockStamp());
  }
  await timed('the packed package', async () =>
    run(`npm install --no-save --no-audit --no-fund ${pack(root)}`, root),
  );
}
const failures: unknown[] = [];
const workers = Array.from({ length: AT_ONCE }, async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const application = next;
    const what = application.isShort ? `${application.name}, short` : application.name;
    await timed(what, () => build(application)).catch((cause: unknown) => {
      console.error(`✘ ${what}: ${String(cause)}`);
      failures.push(cause);
    });
  }
});
await Promise.all(workers);
process.exitCode = failures.length ? 1 : 0;
