// Finds the engines that tests run in beside Chromium, Firefox and WebKitGTK, and installs them if necessary. It needs
// only Node. It is a module (`ensureEngines`) and a command: `node scripts/ensure-engines.mjs [--no-install]` prints
// what it found. In CI (the environment has `CI`) a missing engine is a failure. Elsewhere it is named and skipped.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installPackages, isDebianRoot, placesOf, versionOf } from './programs.mjs';

/**
 * The parts of a WebKitGTK that can be driven.
 * @typedef {object} WebKitPlace
 * @property {string} driver WebKitWebDriver.
 * @property {string} browser MiniBrowser, which it opens.
 * @property {string} screen xvfb-run, which gives it a screen.
 */

/** What to do if one is missing and cannot be installed. */
export const HELP = `The tests run in Firefox and WebKitGTK too. Do one of these:
  apt-get install --no-install-recommends firefox-esr webkit2gtk-driver xvfb xauth     (Debian)
  install Firefox and put \`firefox\` on the PATH; WebKitGTK is available only on Linux`;

const FIREFOX_PLACES = ['/opt/firefox', '/Applications/Firefox.app/Contents/MacOS'];

const findFirefox = () => {
  for (const path of placesOf(['firefox-esr', 'firefox'], FIREFOX_PLACES)) {
    const version = /Firefox (\S+)/.exec(versionOf(path) ?? '')?.[1];
    if (version) return { path, version };
  }
  return undefined;
};

/** WebKitGTK's own small browser, which its driver opens. Debian has it in a folder by architecture and API. */
const findMiniBrowser = () => {
  const libraries = '/usr/lib';
  if (!existsSync(libraries)) return undefined;
  const folders = readdirSync(libraries).flatMap((architecture) => {
    const folder = join(libraries, architecture);
    try {
      return readdirSync(folder)
        .filter((name) => name.startsWith('webkit2gtk-4.'))
        .map((name) => join(folder, name, 'MiniBrowser'));
    } catch {
      return [];
    }
  });
  return folders.find((path) => existsSync(path));
};

/** The programs that WebKitGTK needs, by name; undefined means missing. */
const webkitParts = () => {
  return {
    // It does not have `--version`; the browser names its version to the session.
    WebKitWebDriver: placesOf(['WebKitWebDriver']).find((path) => existsSync(path)),
    MiniBrowser: findMiniBrowser(),
    // It does not start without a screen; `xvfb-run` gives it one that nobody sees.
    'xvfb-run': placesOf(['xvfb-run']).find((path) => existsSync(path)),
    xauth: placesOf(['xauth']).find((path) => existsSync(path)),
  };
};

const find = () => {
  const firefox = findFirefox();
  const parts = webkitParts();
  const absent = Object.entries(parts).flatMap(([name, path]) => (path ? [] : name));
  const { WebKitWebDriver: driver, MiniBrowser: browser, 'xvfb-run': screen, xauth } = parts;
  return {
    firefox,
    webkit: driver && browser && screen && xauth ? { driver, browser, screen } : undefined,
    missing: [
      ...(firefox ? [] : ['Firefox: neither firefox-esr nor firefox was found']),
      ...(absent.length ? [`WebKitGTK: ${absent.join(', ')} not found`] : []),
    ],
  };
};

/**
 * Finds the engines on the PATH and in the usual places. As root on Debian and its relatives it installs what is
 * missing.
 * @returns The programs of each, and in words what is missing.
 */
export const ensureEngines = ({ install = true } = {}) => {
  const found = find();
  if (found.missing.length === 0 || !install || !isDebianRoot()) return found;
  installPackages([
    ...(found.firefox ? [] : ['firefox-esr']),
    ...(found.webkit ? [] : ['webkit2gtk-driver', 'xvfb', 'xauth']),
  ]);
  return find();
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { firefox, webkit, missing } = ensureEngines({ install: !process.argv.includes('--no-install') });
  if (firefox) console.log(`engine: Firefox ${firefox.version}, ${firefox.path}`);
  if (webkit) console.log(`engine: WebKitGTK, ${webkit.browser}`);
  if (missing.length) {
    const say = process.env.CI ? console.error : console.warn;
    for (const words of missing) say(`NOT RUN HERE: ${words}`);
    say(HELP);
    if (process.env.CI) process.exitCode = 1;
  }
}
