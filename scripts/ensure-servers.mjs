// Finds the servers that tests run beside the proxy, such as nginx and Postgres, and installs them if
// necessary. It needs only Node. It is a module (`ensureServers`) and a command: `node scripts/ensure-servers.mjs
// [--no-install]` prints what it found.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installPackages, isDebianRoot, placesOf, versionOf } from './programs.mjs';

/** What to do if one is missing and cannot be installed. */
export const HELP = `The tests need nginx, caddy, Apache, postgres and pgbouncer; they start them themselves, on loopback only. Do one of these:
  apt-get install --no-install-recommends nginx-light caddy apache2-bin systemd postgresql pgbouncer     (Debian, Ubuntu)
  brew install nginx caddy httpd postgresql pgbouncer                                                  (macOS)`;

const SERVERS = [
  { names: ['nginx'], package: 'nginx-light', version: '-v' },
  { names: ['caddy'], package: 'caddy', version: 'version' },
  { names: ['apache2', 'httpd'], package: 'apache2-bin', version: '-v' },
  // It checks units of systemd, which there is only on Linux.
  ...(process.platform === 'linux'
    ? [{ names: ['systemd-analyze'], package: 'systemd', version: '--version' }]
    : []),
];
const POSTGRES = [
  { names: ['postgres'], package: 'postgresql', version: '--version' },
  { names: ['initdb'], package: 'postgresql', version: '--version' },
  { names: ['pgbouncer'], package: 'pgbouncer', version: '--version' },
];

/** Debian keeps each version of Postgres in a folder of its own, which no PATH has. */
const VERSIONS = '/usr/lib/postgresql';
const versions = () =>
  existsSync(VERSIONS)
    ? readdirSync(VERSIONS)
        .sort((one, other) => Number(other) - Number(one))
        .map((version) => join(VERSIONS, version, 'bin'))
    : [];
// Debian and Homebrew put servers here; an ordinary user's PATH may lack these folders.
const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** @param {{ readonly names: readonly string[], readonly version: string }} server */
const find = ({ names, version }) =>
  placesOf(names, [...versions(), ...FOLDERS]).find((path) => versionOf(path, version) !== undefined);

/** Finds the programs of Postgres, and installs nothing; undefined if one is missing. */
export const findPostgres = () => {
  const [postgres, initdb, pgbouncer] = POSTGRES.map(find);
  return postgres && initdb && pgbouncer ? { postgres, initdb, pgbouncer } : undefined;
};

/**
 * Finds the servers on the PATH and in the usual places. As root on Debian and its relatives it installs what is
 * missing.
 * @returns Their paths, or undefined if one is still missing; then its tests are skipped, except in CI. Only on Linux there
 * is one of `systemdAnalyze`.
 */
export const ensureServers = ({ install = true } = {}) => {
  const missing = [...SERVERS, ...POSTGRES].filter((server) => !find(server));
  if (missing.length && install && isDebianRoot())
    installPackages([...new Set(missing.map((server) => server.package))]);
  const paths = SERVERS.map(find);
  const [nginx, caddy, apache, systemdAnalyze] = paths;
  return nginx && caddy && apache && paths.every(Boolean)
    ? { nginx, caddy, apache, systemdAnalyze }
    : undefined;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = ensureServers({ install: !process.argv.includes('--no-install') });
  const postgres = findPostgres();
  const isWhole = found && postgres;
  if (process.env.CI && !isWhole) {
    console.error(HELP);
    process.exit(1);
  }
  console.log(
    `servers: ${Object.values({ ...found, ...postgres })
      .filter(Boolean)
      .join(', ')}`,
  );
  if (!isWhole)
    console.error(
      `Tests of what is not installed are skipped, and what they would show is not shown.\n${HELP}`,
    );
}
