/** The places in which a file loses what was accepted into it, although every write succeeds. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type SqliteIntakeOptions, sqliteIntake } from '../../../../src/proxy/intake/sqlite/sqlite.js';
import { remedyForFile } from '../../../../src/proxy/intake/sqlite/sqlite-failures.js';
import {
  isMountedAlone,
  type Surroundings,
  unsafePlace,
} from '../../../../src/proxy/intake/sqlite/sqlite-place.js';
import { temporaryFolder } from '../../../support/intake.js';
import { IMPORTING_INTAKE } from '../../../support/processes.js';

/** A machine's disk, as the first line that Linux has of it. */
const DISK = '21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw';
const LAYER = '700 600 0:90 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w';
const at = (point: string, root: string, type: string): string =>
  `710 700 8:1 ${root} ${point} rw,relatime - ${type} source rw`;
const HASH = 'a'.repeat(64);

const around = (path: string, ...mounts: string[]): Surroundings => ({
  path,
  mounts: [DISK, ...mounts].join('\n'),
  temporary: ['/tmp', '/private/var/folders/x'],
});

describe('a file that is mounted without its folder', () => {
  it.each<[string, string, readonly string[], boolean]>([
    ['by Docker', '/data/offers.db', [LAYER, at('/data/offers.db', '/srv/offers.db', 'ext4')], true],
    ['from the same disk', '/data/offers.db', [at('/data/offers.db', '/srv/offers.db', 'ext4')], true],
    ['into a volume', '/data/a.db', [at('/data', '/v', 'ext4'), at('/data/a.db', '/a.db', 'ext4')], true],
    ['under a name with a space', '/data/my offers.db', [at('/data/my\\040offers.db', '/o', 'xfs')], true],
    [
      'by subPath of Kubernetes',
      '/data/a.db',
      [LAYER, at('/data/a.db', '/pods/1/volume-subpaths/a', 'ext4')],
      true,
    ],
    ['not, but its folder is', '/data/offers.db', [LAYER, at('/data', '/srv', 'ext4')], false],
    ['not, but one beside it is', '/data/offers.db', [LAYER, at('/data/offers', '/o', 'ext4')], false],
    [
      'not, since what is beside it is mounted too',
      '/data/a.db',
      ['', '-wal', '-shm'].map((end) => at(`/data/a.db${end}`, `/srv/a.db${end}`, 'ext4')),
      false,
    ],
    ['not, and nothing is', '/var/lib/offersight/intake.db', [], false],
  ])('is found: %s', (_, path, mounts, isAlone) => {
    expect(isMountedAlone(around(path, ...mounts))).toBe(isAlone);
  });
});

describe('a place that does not keep files', () => {
  it.each<[string, Surroundings, string]>([
    ['memory', around('/run/a.db', at('/run', '/', 'tmpfs')), 'in memory (tmpfs), which a restart empties'],
    [
      'memory that Docker mounts',
      around('/data/a.db', LAYER, at('/data', '/', 'tmpfs')),
      'in memory (tmpfs), which a restart empties',
    ],
    [
      'memory below a disk’s folder',
      around('/data/x/a.db', at('/data', '/v', 'ext4'), at('/data/x', '/', 'ramfs')),
      'in memory (ramfs), which a restart empties',
    ],
    [
      'a container’s layer',
      around('/app/offers.db', LAYER),
      'in a container’s own layer, which goes with the container',
    ],
    [
      'a pod’s volume',
      around(
        '/data/a.db',
        LAYER,
        at('/data', '/var/lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/data', 'ext4'),
      ),
      'in an emptyDir volume, which goes with its pod',
    ],
    [
      'a volume without a name',
      around('/data/a.db', LAYER, at('/data', `/var/lib/docker/volumes/${HASH}/_data`, 'ext4')),
      'in a volume without a name, which the next container does not get',
    ],
    [
      'NFS',
      around('/mnt/a.db', at('/mnt', '/', 'nfs4')),
      'on a shared file system (nfs4), whose locks SQLite cannot rely on',
    ],
    [
      'SMB',
      around('/mnt/a.db', at('/mnt', '/', 'cifs')),
      'on a shared file system (cifs), whose locks SQLite cannot rely on',
    ],
    ...[
      'fakeowner',
      'fuse.grpcfuse',
      'virtiofs',
      'vboxsf',
      'fuse.sshfs',
      'fuse.gcsfuse',
      'fuse.mountpoint-s3',
    ].map((type): [string, Surroundings, string] => [
      `a folder that another machine shares, ${type}`,
      around('/data/a.db', LAYER, at('/data', '/', type)),
      `on a shared file system (${type}), whose locks SQLite cannot rely on`,
    ]),
    ['a function’s folder', around('/tmp/offers.db'), 'in a folder for temporary files, which systems empty'],
    [
      'macOS, which has no list',
      { ...around('/private/var/folders/x/a.db'), mounts: '' },
      'in a folder for temporary files, which systems empty',
    ],
    [
      'a service’s own /var/tmp',
      around('/var/tmp/a.db', at('/var/tmp', '/var/tmp/systemd-private-1-offersight/tmp', 'ext4')),
      'in a folder for temporary files, which systems empty',
    ],
  ])('is told: %s', (_, surroundings, where) => {
    expect(unsafePlace(surroundings)).toBe(where);
  });

  it.each<[string, Surroundings]>([
    ['a disk', around('/var/lib/offersight/intake.db')],
    ['a disk of its own', around('/data/a.db', at('/data', '/', 'xfs'))],
    [
      'a named volume',
      around('/data/a.db', LAYER, at('/data', '/var/lib/docker/volumes/offersight/_data', 'ext4')),
    ],
    ['a folder of the host in a container', around('/data/a.db', LAYER, at('/data', '/srv', 'btrfs'))],
    [
      'a claimed volume of a pod',
      around('/data/a.db', LAYER, at('/data', '/pods/1/volumes/kubernetes.io~csi/pvc/mount', 'ext4')),
    ],
    ['a disk mounted over memory', around('/data/a.db', at('/data', '/', 'tmpfs'), at('/data', '/', 'ext4'))],
    ['a disk by a driver outside the kernel', around('/data/a.db', at('/data', '/', 'fuseblk'))],
    ['a folder whose name only begins alike', around('/tmpfiles/a.db')],
    ['a system without a list', { ...around('/Users/ada/offers.db'), mounts: '' }],
  ])('is not told of %s', (_, surroundings) => {
    expect(unsafePlace(surroundings)).toBeUndefined();
  });
});

describe('a name that is no file', () => {
  it.each([
    '',
    ':memory:',
    'file:offers.db',
    'file::memory:?cache=shared',
    'libsql://db.example',
    'https://db.example',
    'offers\0.db',
    undefined,
    7,
  ])('is refused at creation: %j', (file) => {
    expect(() => sqliteIntake({ file } as SqliteIntakeOptions)).toThrow(
      /Set file to the path of a file on a local disk/,
    );
  });
});

describe('a file system that SQLite cannot lock', () => {
  it.each(['SQLITE_IOERR_SHMOPEN', 'SQLITE_IOERR_SHMMAP', 'SQLITE_IOERR_LOCK'])(
    'is named instead of the disk: %s',
    (code) => {
      expect(remedyForFile({ code })).toMatch(/^The file system of the intake’s file has no locks/);
      expect(remedyForFile({ code: 'SQLITE_IOERR_WRITE' })).toMatch(/^The disk of the intake’s file fails/);
    },
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
      'unsafePlace in memory (tmpfs), which a restart empties\nopen\n',
    );
  });
});
