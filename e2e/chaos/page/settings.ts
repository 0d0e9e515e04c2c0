/** What the site gave to this document, and how the document writes down what happens in it. */
import type { NemesisRow, PageRow, StoreRow } from '../../../test/history/row.js';
import type { Flavour, Train } from '../plan.js';

/** The site puts these into every page. */
export interface PageSettings {
  /** The run's own server: rows are posted there. */
  readonly side: string;
  /** The document's name, without what makes it unique. */
  readonly name: string;
  readonly clockMs: number;
  readonly flavour: Flavour;
  /** How many offers it shows at once. */
  readonly offers: number;
  /** Whether it reports, before anything is stored, if the browser has no outbox any more. */
  readonly looks: boolean;
  /** Keeps it busy from its start. */
  readonly train?: Train;
}

export const settings = JSON.parse(document.querySelector('#settings')?.textContent ?? '{}') as PageSettings;

const [salt = 0] = crypto.getRandomValues(new Uint32Array(1));

/** This document's name in the history. A copy from the cache is another document. */
export const tab = `${settings.name}.${salt.toString(36).slice(-4)}`;

/** A number that is unique in the history. */
export const numberOf = (index: number): number => salt * 100_000 + index;

type Told = PageRow | StoreRow | Extract<NemesisRow, { kind: 'clock' | 'fault' | 'wiped' }>;

/** The real clock, taken before anything moves it. */
export const trueNow = Date.now;
let told = 0;

/**
 * Writes rows down before it returns, so that nothing the page does next can come before them. A page that is being
 * left must not wait, so its rows follow later, with the time at which they were written.
 */
export const tell = (...rows: Told[]): void => {
  const numbered = rows.map((row) => ({ ...row, serial: ++told }));
  const textOf = (given: object): string =>
    numbered.map((row) => JSON.stringify({ ...given, ...row })).join('\n');
  try {
    const request = new XMLHttpRequest();
    request.open('POST', settings.side, false);
    request.send(textOf({}));
  } catch {
    navigator.sendBeacon(settings.side, textOf({ since: trueNow() }));
  }
};

/** By how much the machine's clock is ahead now. */
export const askClock = (): number => {
  const request = new XMLHttpRequest();
  request.open('GET', `${settings.side}?tab=${settings.name.split('.')[0]}`, false);
  request.send();
  return Number(request.responseText);
};
