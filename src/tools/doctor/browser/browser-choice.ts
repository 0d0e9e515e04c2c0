/** Whether a browser can look, and what is left out if none can. */
import { locateBrowser } from './locating.js';
import { type Visit, type VisitOptions, visit } from './visiting.js';

/** Which browser looks. */
export interface BrowserChoice {
  /** Whether one is to look at all. */
  readonly isWanted: boolean;
  /** Its path, if a flag or the environment names one. */
  readonly path?: string | undefined;
  /** The folders that programs are looked for in, as the environment has them. */
  readonly searched?: string | undefined;
  /** Whether the process runs as root. */
  readonly isRoot: boolean;
}

const WITHOUT =
  'Left out without a browser: what scripts add to the page, whether the script runs, what the browser blocks, what is in the way of a real request, and how offers are drawn.';

const firstLine = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0]?.slice(0, 200) ?? '';

const BUSY = /timed out|Target closed|detached|context was destroyed/i;

const whyFailed = (cause: unknown): string => {
  if (BUSY.test(firstLine(cause)))
    return 'it did not finish in time: the page or this machine kept it busy, or the page kept navigating';
  return (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    ? 'puppeteer-core is not installed; add it with npm install puppeteer-core'
    : `the browser failed: ${firstLine(cause).replace(/\.+$/, '')}`;
};

/** Visits, or says what is left out. */
export const visitIfPossible = async (
  { isWanted, path, searched, isRoot }: BrowserChoice,
  options: Omit<VisitOptions, 'executablePath' | 'isRoot'>,
  leftOut: string[],
): Promise<Visit | undefined> => {
  const executablePath = isWanted ? locateBrowser(path, searched) : undefined;
  if (executablePath === undefined) {
    const found =
      path === undefined ? 'no Chromium was found; name one with CHROME_PATH' : `${path} is not a program`;
    leftOut.push(`No browser looked: ${isWanted ? found : '--no-browser was given'}. ${WITHOUT}`);
    return undefined;
  }
  try {
    return await visit({ ...options, executablePath, isRoot });
  } catch (cause) {
    leftOut.push(`No browser looked: ${whyFailed(cause)}. ${WITHOUT}`);
    return undefined;
  }
};
