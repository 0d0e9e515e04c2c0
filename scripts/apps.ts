/**
 * Follows the guides in docs/start: installs every application with the packed package, writes the files that its
 * guide shows over its starter, and builds it by its own tool. `node --import tsx scripts/apps.ts [stack…]`
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readGuide, STARTERS } from '../e2e/fixtures/apps/guide.js';
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
const build = async (name: string): Promise<void> => {
  const { files, commands } = readGuide(name);
  const folder = folderOf(name);
  await cp(join(STARTERS, name), folder, { recursive: true });
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  for (const command of commands.build) await run(command, folder);
  await writeFile(stampFile(name), stampOf(name));
};

const chosen = process.argv.slice(2);
const root = workplace();
const complete = join(root, '.installed');
const isInstalled = existsSync(complete) && readFileSync(complete, 'utf8') === lockStamp();
const waiting = STACKS.map(({ name }) => name).filter((name) =>
  chosen.length ? chosen.includes(name) : !isBuilt(name),
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
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const stack = name;
    await timed(stack, () => build(stack)).catch((cause: unknown) => {
      console.error(`✘ ${stack}: ${String(cause)}`);
      failures.push(cause);
    });
  }
});
await Promise.all(workers);
process.exitCode = failures.length ? 1 : 0;
