// Shared by the `ensure-*` commands: looking for programs on this machine, and installing Debian's packages.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian asks it before a package starts its service; see invoke-rc.d(8). */
const POLICY = '/usr/sbin/policy-rc.d';
const NOTHING_STARTS = '#!/bin/sh\nexit 101\n';

/**
 * Where programs of these names may be: on the PATH, then in the folders given.
 * @param {readonly string[]} names
 * @param {readonly string[]} folders
 */
export const placesOf = (names, folders = []) =>
  [...(process.env.PATH ?? '').split(delimiter), ...folders]
    .filter(Boolean)
    .flatMap((folder) => names.map((name) => join(folder, name)));

/**
 * The version that a program prints, or undefined if there is no program that runs.
 * @param {string} path
 */
export const versionOf = (path, flag = '--version') => {
  if (!existsSync(path)) return undefined;
  const { status, stdout, stderr } = spawnSync(path, [flag], { encoding: 'utf8', timeout: 15_000 });
  return status === 0 ? `${stdout}${stderr}`.trim() : undefined;
};

/**
 * Runs a command aloud; its output goes to standard error.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {number} timeout In milliseconds.
 */
export const run = (command, args, timeout) => {
  console.error(`> ${command} ${args.join(' ')}`);
  spawnSync(command, args, {
    stdio: ['ignore', 2, 2],
    timeout,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    shell: process.platform === 'win32',
  });
};

/** Whether packages can be installed here: as root, on Debian and its relatives. */
export const isDebianRoot = () =>
  process.getuid?.() === 0 &&
  existsSync('/etc/os-release') &&
  /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'));

/**
 * Installs Debian's packages and starts none of their services: tests bring settings and ports of their own.
 * @param {readonly string[]} packages
 */
export const installPackages = (packages) => {
  const isPolicyOurs = !existsSync(POLICY);
  if (isPolicyOurs) writeFileSync(POLICY, NOTHING_STARTS, { mode: 0o755 });
  try {
    run('apt-get', ['update'], 300_000);
    run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], 600_000);
  } finally {
    if (isPolicyOurs) rmSync(POLICY, { force: true });
  }
};
