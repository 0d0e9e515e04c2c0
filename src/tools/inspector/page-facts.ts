/** What the page knows of itself: consent, subject, storage and network. */
import type { Inside } from '../../client/inside.js';
import { isSubject } from '../../protocol/subject.js';
import { VERSION } from '../../version.js';
import { acceptedFacts } from './accepted.js';
import type { Stored } from './stored.js';
import type { Fact } from './waiting.js';

/** Whether the browser asks not to be tracked; browsers that have an own way to read it have no other. */
export const hasGpc = (): boolean =>
  (globalThis.navigator as { readonly globalPrivacyControl?: boolean }).globalPrivacyControl === true;

const CONSENT: Readonly<Record<string, string>> = {
  granted: 'Granted: events are recorded and sent.',
  pending: 'Pending: events are only in memory until tracker.consent("granted").',
  denied: 'Denied: nothing is recorded.',
};
/** The words for a consent that is none: scripts may set anything. */
export const invalidConsent = (given: unknown): string =>
  `The given consent is “${String(given).slice(0, 40)}” instead of granted, pending or denied, so nothing is stored or sent.`;

const subjectWords = (subject: string | undefined, given: string | undefined): string => {
  if (isSubject(subject)) return subject;
  return given === undefined || isSubject(given)
    ? 'None: events belong to no user.'
    : 'The given one is not valid, such as an e-mail address or more than 128 characters, so events belong to no user.';
};

/** What the page and the browser are like. */
export const pageFacts = (
  { options, owner, page }: Inside,
  stored: Stored | undefined,
  now: number,
): Fact[] => {
  const { consent, subject } = owner;
  const worker =
    'serviceWorker' in globalThis.navigator && globalThis.navigator.serviceWorker.controller?.scriptURL;
  return [
    {
      label: 'Consent',
      words: CONSENT[consent] ?? invalidConsent(consent),
      isWrong: consent !== 'granted' && consent !== 'pending',
    },
    { label: 'Subject', words: subjectWords(subject, options.subject) },
    {
      label: 'Storage',
      words: stored
        ? `IndexedDB “${options.name}”.`
        : `IndexedDB “${options.name}” cannot be read, or is not there yet.`,
      isWrong: !stored && consent === 'granted',
    },
    ...acceptedFacts(stored, now),
    { label: 'Page', words: page.isVisible() ? 'It is visible.' : 'It is hidden, so nothing counts.' },
    {
      label: 'Network',
      words: globalThis.navigator.onLine ? 'The browser is online.' : 'The browser is offline.',
      isWrong: !globalThis.navigator.onLine,
    },
    {
      label: 'Service worker',
      words: worker ? `${worker}.` : 'None controls this page.',
    },
    { label: 'Global Privacy Control', words: hasGpc() ? 'On.' : 'Off.' },
    {
      label: 'Machine',
      words: globalThis.navigator.webdriver
        ? 'A script drives this browser (navigator.webdriver).'
        : 'No script drives this browser.',
    },
    { label: 'Inspector', words: `Version ${VERSION}.` },
  ];
};
