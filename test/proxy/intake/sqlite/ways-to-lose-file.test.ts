/** The places in which a file loses what was accepted into it, although every write succeeds. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type SqliteIntakeOptions, sqliteIntake } from '../../../../src/proxy/intake/sqlite/sqlite.js';
import {
  isMountedAlone,
  type Surroundings,
  unsafePlace,
} from '../../../../src/proxy/intake/sqlite/sqlite-file.js';
import { temporaryFolder } from '../../../support/intake.js';
import { IMPORTING_INTAKE } from '../../../support/processes.js';

/** A machine's disk, as the first line that Linux has of it. */
const DISK = '21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw';
const LAYER = '700 600 0:90 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w';
const at = (point: string, root: string, type: string): string =>
  `710 700 8:1 ${root} ${point} rw,relatime - ${type} source rw`;

const around = (path: string, ...mounts: string[]): Surroundings => ({
  path,
  mounts: [DISK, ...mounts].join('\n'),
  temporary: ['/tmp', '/private/var/folders/x'],
});

it.each<[string, boolean, string, readonly string[]]>([
  ['by Docker', true, '/data/a.db', [LAYER, at('/data/a.db', '/srv/a.db', 'ext4')]],
  ['into a volume', true, '/data/a.db', [at('/data', '/v', 'ext4'), at('/data/a.db', '/a.db', 'ext4')]],
  ['under a name with a space', true, '/data/my a.db', [at('/data/my\\040a.db', '/o', 'xfs')]],
  ['not, but its folder is', false, '/data/a.db', [LAYER, at('/data', '/srv', 'ext4')]],
  ['not, but one beside it is', false, '/data/a.db', [LAYER, at('/data/a', '/o', 'ext4')]],
  [
    'with all that is beside it',
    false,
    '/data/a.db',
    ['', '-wal', '-shm'].map((end) => at(`/data/a.db${end}`, `/srv/a.db${end}`, 'ext4')),
  ],
  ['not, and nothing is', false, '/var/lib/offersight/intake.db', []],
])('a file is mounted %s: without its folder %s', (_, isAlone, path, mounts) => {
  expect(isMountedAlone(around(path, ...mounts))).toBe(isAlone);
});

const IN_DATA = (root: string, type = 'ext4') => around('/data/a.db', LAYER, at('/data', root, type));

it.each<[string, Surroundings, RegExp | undefined]>([
  ['memory', around('/run/a.db', at('/run', '/', 'tmpfs')), /^in memory/],
  [
    'memory below a disk’s folder',
    around('/x/y/a.db', at('/x', '/v', 'ext4'), at('/x/y', '/', 'ramfs')),
    /^in memory/,
  ],
  ['a container’s layer', around('/app/a.db', LAYER), /^in a container’s own layer/],
  [
    'a pod’s volume',
    IN_DATA('/var/lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/data'),
    /^in a volume without a name/,
  ],
  [
    'a volume without a name',
    IN_DATA(`/var/lib/docker/volumes/${'a'.repeat(64)}/_data`),
    /^in a volume without a name/,
  ],
  ...['nfs4', 'cifs', 'fakeowner', 'virtiofs', 'vboxsf', 'fuse.sshfs'].map(
    (type): [string, Surroundings, RegExp] => [type, IN_DATA('/', type), /^on a shared file system/],
  ),
  ['a function’s folder', around('/tmp/a.db'), /^in a folder for temporary files/],
  [
    'macOS, which has no list',
    { ...around('/private/var/folders/x/a.db'), mounts: '' },
    /^in a folder for temporary/,
  ],
  [
    'a service’s own /var/tmp',
    around('/var/tmp/a.db', at('/var/tmp', '/var/tmp/systemd-private-1-offersight/tmp', 'ext4')),
    /^in a folder for temporary files/,
  ],
  ['a disk', around('/var/lib/offersight/intake.db'), undefined],
  ['a named volume', IN_DATA('/var/lib/docker/volumes/offersight/_data'), undefined],
  ['a claimed volume of a pod', IN_DATA('/pods/1/volumes/kubernetes.io~csi/pvc/mount'), undefined],
  ['a disk over memory', around('/x/a.db', at('/x', '/', 'tmpfs'), at('/x', '/', 'ext4')), undefined],
  ['a disk by a driver outside the kernel', IN_DATA('/', 'fuseblk'), undefined],
  ['a folder whose name only begins alike', around('/tmpfiles/a.db'), undefined],
])('a file is in %s, and the alert says so if that does not keep it', (_, surroundings, where) => {
  if (where) expect(unsafePlace(surroundings)).toMatch(where);
  else expect(unsafePlace(surroundings)).toBeUndefined();
});

it.each([
  '',
  ':memory:',
  'file:offers.db',
  'libsql://db.example',
  'https://db.example',
  'offers\0.db',
  undefined,
  7,
])('a name that is no file is refused at creation: %j', (file) => {
  expect(() => sqliteIntake({ file } as SqliteIntakeOptions)).toThrow(
    /Set file to the path of a file on a local disk/,
  );
});

/** The programs that give a process its own mounts: as root, in a user namespace, or by sudo. */
const WAYS = [
  ['unshare', '-m'],
  ['unshare', '-Urm'],
  ['sudo', '-n', 'unshare', '-m'],
] as const;
const way = WAYS.find(
  ([program, ...args]) => spawnSync(program, [...args, 'mount', '--bind', '/', '/mnt']).status === 0,
);
if (!way) {
  const missing = 'This user may not mount anything: what a file that is mounted alone does is not shown.';
  if (process.env.CI) throw new Error(missing);
  console.error(missing);
}

describe.skipIf(!way)('in a real container’s mounts', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());

  /** What opening and claiming says after these commands have mounted something. */
  const said = (mounting: string, file: string): string => {
    const script = `${IMPORTING_INTAKE}
      try {
        const intake = sqliteIntake({ file: ${JSON.stringify(file)} });
        intake.claim('acme-test', { onAlert: (code, { where }) => console.log(code, where) });
        console.log('open');
        await intake.close();
      } catch (cause) {
        console.log(cause.hint);
      }`;
    const [program = '', ...args] = way ?? [];
    const inside = `${mounting} && NODE_ENV= exec "$0" --import tsx --input-type=module --eval "$1"`;
    const { stdout, stderr } = spawnSync(program, [...args, 'sh', '-c', inside, process.execPath, script], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout;
  };

  it('a file that is mounted alone is refused, and its folder is not (fault 72)', () => {
    const [host, data] = [join(folder.path, 'host'), join(folder.path, 'data')];
    for (const path of [host, data]) mkdirSync(path);
    for (const path of [host, data]) writeFileSync(join(path, 'offers.db'), '');
    const file = join(data, 'offers.db');
    expect(said(`mount --bind ${host}/offers.db ${file}`, file)).toMatch(
      /^The intake file is mounted without its folder/,
    );
    expect(said(`mount --bind ${host} ${data}`, file)).toMatch(/open\n$/);
  });

  it('a file in memory is told, and works (fault 73)', () => {
    const data = join(folder.path, 'memory');
    mkdirSync(data);
    expect(said(`mount -t tmpfs none ${data}`, join(data, 'offers.db'))).toBe(
      'unsafePlace in memory, which a restart empties\nopen\n',
    );
  });
});
