/** Where the intake's file is: whether what is accepted there outlives the process, its container and its machine. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';

export interface Surroundings {
  /** The file's path, without links. */
  readonly path: string;
  /** What Linux says of its mounts, as in `/proc/self/mountinfo`; empty elsewhere. */
  readonly mounts: string;
  /** Folders for temporary files, without links. */
  readonly temporary: readonly string[];
}

interface Mount {
  /** The folder or file that it is seen at. */
  readonly point: string;
  /** What is mounted, as a path in its own file system. */
  readonly root: string;
  /** Such as `ext4`. */
  readonly type: string;
}

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

/** Linux writes spaces and other separators in octal. */
const unescaped = (text = ''): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The mount that has a path: the deepest one, and of several at one point the last. */
const mountOf = ({ path, mounts }: Surroundings): Mount | undefined => {
  let found: Mount | undefined;
  for (const line of mounts.split('\n')) {
    const [, , , root, point] = line.split(' ');
    const mount = {
      root: unescaped(root),
      point: unescaped(point),
      type: / - (\S+)/.exec(line)?.[1] ?? '',
    };
    if (mount.point && isWithin(path, mount.point) && mount.point.length >= (found?.point.length ?? 0))
      found = mount;
  }
  return found;
};

/**
 * Whether the file is mounted and its folder is not. SQLite writes events beside the file first (`-wal`), so they would
 * stay in the container, and the next one would not have them.
 */
export const isMountedAlone = (surroundings: Surroundings): boolean => {
  const isPoint = (path: string): boolean => mountOf({ ...surroundings, path })?.point === path;
  return isPoint(surroundings.path) && !isPoint(`${surroundings.path}-wal`);
};

/** Of other machines, and of the host of a virtual one. */
const SHARED =
  /^(nfs4?|cifs|smb3?|smbfs|ncpfs|afs|ceph|9p|virtiofs|fakeowner|vboxsf|prl_fs|fuse\.(sshfs|s3fs|gcsfuse|rclone|blobfuse2?|mountpoint-s3|goofys|juicefs|glusterfs|grpcfuse|osxfs|vmhgfs-fuse))$/;

/** The place, as the alert about it calls it; undefined if nothing says that what is accepted there may be lost. */
export const unsafePlace = (surroundings: Surroundings): string | undefined => {
  const { path, temporary } = surroundings;
  const { root, type } = mountOf(surroundings) ?? { root: '', type: '' };
  if (/^(tmpfs|ramfs|devtmpfs)$/.test(type)) return `in memory (${type}), which a restart empties`;
  if (root.includes('/kubernetes.io~empty-dir/')) return 'in an emptyDir volume, which goes with its pod';
  if (/\/volumes\/[0-9a-f]{64}\/_data(\/|$)/.test(root))
    return 'in a volume without a name, which the next container does not get';
  if (/^(overlay|aufs)$/.test(type)) return 'in a container’s own layer, which goes with the container';
  if (SHARED.test(type)) return `on a shared file system (${type}), whose locks SQLite cannot rely on`;
  if (root.includes('/systemd-private-') || temporary.some((folder) => isWithin(path, folder)))
    return 'in a folder for temporary files, which systems empty';
  return undefined;
};

const withoutLinks = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

const mountsHere = (): string => {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
};

/** The surroundings of a file that may not exist yet. */
export const surroundingsOf = (file: string): Surroundings => {
  const path = resolve(file);
  return {
    path: existsSync(path) ? withoutLinks(path) : join(withoutLinks(dirname(path)), basename(path)),
    mounts: mountsHere(),
    temporary: ['/tmp', tmpdir()].map(withoutLinks),
  };
};
