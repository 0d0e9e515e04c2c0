/** The unit of the recipe for systemd: systemd reads it without complaints, and its command runs. */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HELP } from '../../scripts/ensure-servers.mjs';
import { ask } from '../fixtures/post.js';
import { blocksOf, onlyBlock } from '../fixtures/recipe.js';
import { installedServers } from '../fixtures/servers.js';
import { expect, PROGRAM, test } from '../fixtures/standalone.js';

const RECIPE = 'docs/recipes/systemd.md';
const INSTALLED = '/opt/offersight/node_modules/offersight/dist/proxy/cli.js';

/** The values that a directive of the unit has. */
const valuesOf = (unit: string, directive: string): string[] =>
  [...unit.matchAll(new RegExp(`^${directive}=(.*)$`, 'gm'))].map(([, value = '']) => value);

/** The unit, and what replaces lines of it for several sites. */
const readUnits = async (): Promise<readonly [unit: string, replacing: string]> => {
  const [unit = '', replacing = '', ...others] = await blocksOf(RECIPE, 'ini');
  expect([replacing.startsWith('[Service]\n'), others]).toEqual([true, []]);
  return [unit, replacing];
};

/** The unit for several sites. */
const replaceIn = (unit: string, replacing: string): string =>
  unit
    .replace(/^ExecStart=.*\n/m, '')
    .replace(/^LoadCredential=.*\n/m, '')
    .replace('[Service]\n', replacing);

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
  const [unit, replacing] = await readUnits();
  for (const each of [unit, replaceIn(unit, replacing)]) {
    const { complaints, exposure } = await analyze(bench.folder, each);
    expect(complaints).toBe('');
    expect(exposure).toBeLessThan(3);
  }
  const misspelt = await analyze(bench.folder, unit.replace('RestartSec=', 'RestartSeconds='));
  expect(misspelt.complaints).toContain('RestartSeconds');
});

test('the command of the unit starts a proxy with the key and the folder that systemd gives it', async ({
  bench,
}) => {
  const [unit] = await readUnits();
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

test('the command for several sites starts a proxy with the keys that systemd gives it', async ({
  bench,
}) => {
  const [, replacing] = await readUnits();
  const file = '/etc/offersight/sites.json';
  expect(valuesOf(replacing, 'ExecStart')).toEqual([`/usr/bin/node ${INSTALLED} proxy --config ${file}`]);
  const credentials = valuesOf(replacing, 'LoadCredential').map((value) => value.split(':')[0] ?? '');
  // systemd has a folder for each unit, named by it.
  const folder = join(bench.folder, 'credentials');
  await mkdir(folder);
  for (const name of credentials)
    await writeFile(join(folder, name), name.endsWith('.key') ? bench.apiKey : 'x'.repeat(32), {
      mode: 0o400,
    });
  const text = (await onlyBlock(RECIPE, 'json'))
    .replaceAll('/run/credentials/offersight.service/', `${folder}/`)
    .replaceAll('/var/lib/offersight/', `${bench.folder}/`);
  for (const name of credentials) expect(text).toContain(`${folder}/${name}"`);
  const sites = join(bench.folder, 'sites.json');
  await writeFile(sites, JSON.stringify({ ...(JSON.parse(text) as object), port: 0, drainSeconds: 0 }));
  const proxy = await bench.startWith(['proxy', '--config', sites]);
  expect((await ask(proxy.url, '/readyz')).text).toBe('acme-test ready\nbrand-test ready\n');
});
