/** The unit of the recipe for systemd: systemd reads it without complaints, and its command runs. */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HELP } from '../../scripts/ensure-servers.mjs';
import { ask } from '../fixtures/post.js';
import { onlyBlock } from '../fixtures/recipe.js';
import { installedServers } from '../fixtures/servers.js';
import { expect, PROGRAM, test } from '../fixtures/standalone.js';

const RECIPE = 'docs/recipes/systemd.md';
const INSTALLED = '/opt/offersight/node_modules/offersight/dist/proxy/cli.js';

/** The values that a directive of the unit has. */
const valuesOf = (unit: string, directive: string): string[] =>
  [...unit.matchAll(new RegExp(`^${directive}=(.*)$`, 'gm'))].map(([, value = '']) => value);

/** Runs systemd-analyze: its complaints about a unit, and how much the service may do (0 is least, 10 is most). */
const analyze = async (folder: string, unit: string): Promise<{ complaints: string; exposure: number }> => {
  const { systemdAnalyze } = installedServers();
  if (systemdAnalyze === undefined) throw new Error(HELP);
  const file = join(folder, 'offersight.service');
  // A unit may only name programs that exist.
  await writeFile(file, unit.replace('/usr/bin/node', process.execPath).replace(INSTALLED, PROGRAM));
  const verified = spawnSync(systemdAnalyze, ['verify', '--man=no', file], { encoding: 'utf8' });
  const security = spawnSync(systemdAnalyze, ['security', '--offline=true', '--no-pager', file], {
    encoding: 'utf8',
  });
  const complaints = verified.stderr.split('\n').filter((line) => line.includes('offersight.service'));
  return {
    complaints: complaints.join('\n'),
    exposure: Number(/Overall exposure level for \S+: ([\d.]+)/.exec(security.stdout)?.[1]),
  };
};

test('systemd understands every line of the unit, whose service may do little', async ({ bench }) => {
  test.skip(process.platform !== 'linux', 'systemd is on Linux only');
  const unit = await onlyBlock(RECIPE, 'ini');
  const { complaints, exposure } = await analyze(bench.folder, unit);
  expect(complaints).toBe('');
  expect(exposure).toBeLessThan(3);
  const misspelt = await analyze(bench.folder, unit.replace('RestartSec=', 'RestartSeconds='));
  expect(misspelt.complaints).toContain('RestartSeconds');
});

test('the command of the unit starts a proxy with the key and the folder that systemd gives it', async ({
  bench,
}) => {
  const unit = await onlyBlock(RECIPE, 'ini');
  const [command = ''] = valuesOf(unit, 'ExecStart');
  const [node, program, ...args] = command.split(' ');
  expect([node, program]).toEqual(['/usr/bin/node', INSTALLED]);
  // %S and %d are the folders of StateDirectory and LoadCredential.
  expect(valuesOf(unit, 'StateDirectory')).toEqual(['offersight']);
  expect(valuesOf(unit, 'LoadCredential')).toEqual(['key:/etc/offersight/key']);
  const folders = { '%S': join(bench.folder, 'state'), '%d': join(bench.folder, 'credentials') };
  await mkdir(join(folders['%S'], 'offersight'), { recursive: true });
  await mkdir(folders['%d']);
  await writeFile(join(folders['%d'], 'key'), `${bench.apiKey}\n`, { mode: 0o400 });
  const given = args.map((arg) => arg.replace('%S', folders['%S']).replace('%d', folders['%d']));
  const proxy = await bench.startWith([
    ...given,
    ...['--port', '0', '--drain-seconds', '0', '--base-url', bench.upstream.url],
  ]);
  expect((await ask(proxy.url, '/readyz')).status).toBe(200);
  proxy.kill('SIGTERM');
  expect((await proxy.ended).code).toBe(0);
  expect((await readFile(join(folders['%S'], 'offersight', 'intake.db'))).length).toBeGreaterThan(0);
});
