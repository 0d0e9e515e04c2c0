// Finds the servers that tests run beside the proxy, Redis and nginx, and installs them if need be. Needs Node alone;
// a module (`ensureServers`) and a command: `node scripts/ensure-servers.mjs [--no-install]` prints what it found.
import { pathToFileURL } from 'node:url';
import { installPackages, isDebianRoot, placesOf, versionOf } from './programs.mjs';

/** What to do where one is missing and cannot be installed. */
export const HELP = `The tests need redis-server and nginx; they start both themselves, on loopback alone. Do one of these:
  apt-get install --no-install-recommends redis-server nginx-light     (Debian, Ubuntu)
  brew install redis nginx                                             (macOS)`;

const SERVERS = [
  { name: 'redis-server', package: 'redis-server', version: '--version' },
  { name: 'nginx', package: 'nginx-light', version: '-v' },
];
// Where Debian and Homebrew put servers; an ordinary user's PATH may lack it.
const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

const find = ({ name, version }) =>
  placesOf([name], FOLDERS).find((path) => versionOf(path, version) !== undefined);

const findAll = () => {
  const paths = SERVERS.map(find);
  return { paths, missing: SERVERS.filter((_, at) => !paths[at]) };
};

/**
 * Finds the servers on the PATH and in the usual places; as root on Debian and its kin it installs what is missing.
 * @returns Their paths, or undefined if one is still missing.
 */
export const ensureServers = ({ install = true } = {}) => {
  let found = findAll();
  if (found.missing.length && install && isDebianRoot()) {
    installPackages(found.missing.map((server) => server.package));
    found = findAll();
  }
  const [redis, nginx] = found.paths;
  return redis && nginx ? { redis, nginx } : undefined;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = ensureServers({ install: !process.argv.includes('--no-install') });
  if (!found) {
    console.error(HELP);
    process.exit(1);
  }
  console.log(`servers: ${found.redis}, ${found.nginx}`);
}
