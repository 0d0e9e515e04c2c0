// Finds a Chromium for the end-to-end tests and the pictures, and installs one if necessary. It needs only Node. It
// is a module (`ensureBrowser`) and a command: `node scripts/ensure-browser.mjs [--no-install]` prints what it found.
import { pathToFileURL } from 'node:url';
import { installPackages, isDebianRoot, placesOf, run, versionOf } from './programs.mjs';

/**
 * Launch options for Playwright.
 * @typedef {{ readonly executablePath?: string }} Launching
 */

/**
 * Flags for a browser in a container, as root and without a network.
 * @type {readonly string[]}
 */
export const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What to do if none is found and none can be installed. */
export const HELP = `No Chromium was found. Do one of these:
  npx playwright install --with-deps chromium
  apt-get install chromium chromium-headless-shell      (Debian; elsewhere the first)
  set PLAYWRIGHT_CHROMIUM_EXECUTABLE=/path/to/chrome`;

/**
 * Debian's package of Chromium without windows. A page costs a quarter of the processor time of the whole browser. This
 * is the file behind its launcher, since the launcher would keep running when its browser is killed.
 */
const SHELL = { package: 'chromium-headless-shell', path: '/usr/lib/chromium/chromium-headless-shell' };

/**
 * What was found, for this process and those that it starts: to ask a program for its version takes longer than many a
 * test, and each of Playwright's workers reads the configuration.
 */
const FOUND = { whole: 'OFFERSIGHT_FOUND_WHOLE', light: 'OFFERSIGHT_FOUND_LIGHT' };

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'];
const PLACES = [
  '/usr/bin/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/**
 * The program is run, since a system's `chromium` may be a stub that only names a store.
 * @param {string} path
 */
const runs = (path) => /chrom|edge/i.test(versionOf(path) ?? '');

/** Launches Playwright's own browser, since the system's libraries may be missing although its files are there. */
const isPlaywrightsOwnThere = async () => {
  try {
    const { chromium } = await import('playwright');
    await (await chromium.launch({ args: [...ARGS], timeout: 20_000 })).close();
    return true;
  } catch {
    return false;
  }
};

/**
 * @param {string | undefined} executablePath
 * @returns {Launching | undefined}
 */
const launching = (executablePath) => (executablePath ? { executablePath } : undefined);

const findNamed = () => {
  const named = process.env.PLAYWRIGHT_CHROMIUM_EXECUTABLE || process.env.CHROME_PATH;
  if (named && !runs(named)) throw new Error(`The browser named by the environment does not run: ${named}`);
  return launching(named);
};

const playwrightsWhole = async () => {
  const { chromium } = await import('playwright');
  return chromium.executablePath();
};

const findWhole = async () => launching([...placesOf(NAMES), ...PLACES, await playwrightsWhole()].find(runs));

const findLight = async () => {
  // This one comes first, since it answers sooner than another one is launched.
  if (runs(SHELL.path)) return launching(SHELL.path);
  return (await isPlaywrightsOwnThere()) ? {} : undefined;
};

/** Playwright has both in one download. */
const download = () => run('npx', ['playwright', 'install', 'chromium'], 300_000);

const installWhole = async () => {
  download();
  const downloaded = await findWhole();
  if (downloaded || !isDebianRoot()) return downloaded;
  installPackages(['chromium']);
  return findWhole();
};

const installLight = async () => {
  // If a whole browser is installed, that one is enough, and Playwright's is not downloaded.
  if (!(await findWhole())) download();
  else if (isDebianRoot()) installPackages([SHELL.package]);
  return findLight();
};

/**
 * Finds a browser and installs one if necessary: Playwright's or, as root on Debian and its relatives, the system's.
 * @param options `isWhole` asks for the browser that users have, since a headless shell lacks some features. Otherwise
 * a headless shell is preferred, since it is lighter. If only the other kind exists, that one is used.
 * @returns Launch options for Playwright, or undefined if there is none.
 * @throws {Error} If the environment names one that does not run.
 */
export const ensureBrowser = async ({ install = true, isWhole = false } = {}) => {
  const whole = { find: findWhole, add: installWhole };
  const light = { find: findLight, add: installLight };
  const [wanted, other] = isWhole ? [whole, light] : [light, whole];
  const name = isWhole ? FOUND.whole : FOUND.light;
  const named = findNamed();
  if (named) return named;
  const known = process.env[name];
  if (known) return /** @type {Launching} */ (JSON.parse(known));
  const found = (await wanted.find()) ?? (install ? await wanted.add() : undefined);
  if (found) process.env[name] = JSON.stringify(found);
  return found ?? other.find();
};

/** @param {string} words */
const fail = (words) => {
  console.error(words);
  process.exit(1);
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const install = !process.argv.includes('--no-install');
  // The whole one comes first: if it exists, a lighter one comes from the same source.
  const whole = await ensureBrowser({ install, isWhole: true }).catch((error) => fail(error.message));
  if (!whole) fail(HELP);
  const light = await ensureBrowser({ install });
  /** @param {Launching | undefined} found */
  const nameOf = (found) => found?.executablePath ?? 'Playwright’s own';
  console.log(`browser: ${nameOf(light)}; the whole one: ${nameOf(whole)}`);
}
