/**
 * Applies the guides in docs/start to applications that exist. It installs what all of them need
 * with the packed package, and lets each framework's own generator make its starter. Then it adds
 * the application's own pages, does what the guide says, and builds the result by the framework's
 * own tool. `node --import tsx scripts/apps.ts [stack…]`
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { applyBlocks } from '../e2e/fixtures/apps/applying.js';
import { APPS, readGuide } from '../e2e/fixtures/apps/guide.js';
import { type Application, applicationsOf, STACKS, titleOf } from '../e2e/fixtures/apps/stacks.js';
import {
  appliedFile,
  folderOf,
  isBuilt,
  lockStamp,
  stampFile,
  stampOf,
  workplace,
} from '../e2e/fixtures/apps/workplace.js';
import { pack } from '../e2e/fixtures/packed.js';

/** So many builds run at once. */
const AT_ONCE = 2;

const root = workplace();

const QUIET = {
  NEXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NG_CLI_ANALYTICS: 'false',
  CI: '1',
};

/** Runs a command to its end. Its output is shown only if it fails. */
const run = (command: string, cwd: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const PATH = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
    const child = spawn(command, {
      cwd,
      shell: true,
      env: { ...process.env, ...QUIET, PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
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

const installAll = async (): Promise<void> => {
  await rm(root, { recursive: true, force: true });
  await cp(APPS, root, { recursive: true });
  await run('npm ci --no-audit --no-fund', root);
};

/** The application as it is before the guide. */
const prepare = async ({ stack, isShort }: Application, folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  if (stack.generator) {
    // Below the workplace npm would take what lies above for the project.
    const alone = await mkdtemp(join(tmpdir(), 'offersight-starter-'));
    const shop = join(alone, 'shop');
    await mkdir(shop);
    await run(stack.generator, shop);
    await cp(shop, folder, { recursive: true });
    await rm(alone, { recursive: true });
  }
  // Only an application with pages of its own has files for a page of another route.
  for (const overlay of isShort ? ['starter'] : ['starter', 'own']) {
    const own = join(APPS, stack.name, overlay);
    if (existsSync(own)) await cp(own, folder, { recursive: true });
  }
};

const build = async (application: Application): Promise<void> => {
  const { blocks, commands } = readGuide(application);
  const folder = folderOf(application);
  await rm(stampFile(application), { force: true });
  await prepare(application, folder);
  const files = applyBlocks(blocks, (path) =>
    existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined,
  );
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  for (const command of commands.build) await run(command, folder);
  await writeFile(appliedFile(application), JSON.stringify([...files]));
  await writeFile(stampFile(application), stampOf(application));
};

const chosen = process.argv.slice(2);
const complete = join(root, '.installed');
const isInstalled = existsSync(complete) && readFileSync(complete, 'utf8') === lockStamp();
const waiting = STACKS.flatMap(applicationsOf).filter((application) =>
  chosen.length ? chosen.includes(application.stack.name) : !isBuilt(application),
);
console.log(`applications in ${root}`);
if (waiting.length) {
  if (!isInstalled) {
    await timed('npm ci', () => installAll());
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
    const what = titleOf(application);
    await timed(what, () => build(application)).catch((cause: unknown) => {
      console.error(`✘ ${what}: ${String(cause)}`);
      failures.push(cause);
    });
  }
});
await Promise.all(workers);
process.exitCode = failures.length ? 1 : 0;
