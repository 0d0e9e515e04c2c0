// Finds a Chromium for the end-to-end tests and the pictures, and installs one if need be. Needs Node alone; a
// module (`ensureBrowser`) and a command: `node scripts/ensure-browser.mjs [--no-install]` prints what it found.
import { pathToFileURL } from 'node:url';
import { installPackages, isDebianRoot, placesOf, run, versionOf } from './programs.mjs';

/** What a browser in a container, as root and without a network, has to be told. */
export const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What to do where none is found and none can be installed. */
export const HELP = `No Chromium was found. Do one of these:
  npx playwright install --with-deps chromium
  apt-get install chromium
  set PLAYWRIGHT_CHROMIUM_EXECUTABLE=/path/to/chrome`;

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'];
const PLACES = [
  '/usr/bin/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

// Asked, not only looked at: a system's `chromium` may be a stub that only names a store.
const runs = (path) => /chrom|edge/i.test(versionOf(path) ?? '');

/** Playwright's own browser, really launched: its parts may be there while the system's libraries are not. */
const isPlaywrightsOwnThere = async () => {
  try {
    const { chromium } = await import('playwright');
    await (await chromium.launch({ args: ARGS, timeout: 20_000 })).close();
    return true;
  } catch {
    return false;
  }
};

const find = async () => {
  const named = process.env.PLAYWRIGHT_CHROMIUM_EXECUTABLE || process.env.CHROME_PATH;
  if (named) {
    if (runs(named)) return { executablePath: named };
    throw new Error(`The browser named by the environment does not run: ${named}`);
  }
  if (await isPlaywrightsOwnThere()) return {};
  const executablePath = [...placesOf(NAMES), ...PLACES].find(runs);
  return executablePath ? { executablePath } : undefined;
};

/**
 * Finds a browser, in this order: the one that the environment names, Playwright's own, the system's; then
 * installs Playwright's, then, as root on Debian and its kin, the system's.
 * @returns Launch options for Playwright, or undefined if there is none.
 * @throws {Error} If the environment names one that does not run.
 */
export const ensureBrowser = async ({ install = true } = {}) => {
  const found = await find();
  if (found || !install) return found;
  run('npx', ['playwright', 'install', '--only-shell', 'chromium'], 180_000);
  const downloaded = await find();
  if (downloaded || !isDebianRoot()) return downloaded;
  installPackages(['chromium']);
  return find();
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = await ensureBrowser({ install: !process.argv.includes('--no-install') }).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
  if (!found) {
    console.error(HELP);
    process.exit(1);
  }
  console.log(`browser: ${found.executablePath ?? 'Playwright’s own'}`);
}
