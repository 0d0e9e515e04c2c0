/** What the inspector says, in words: times, shares and codes. */

/** A time of day as people here read it. */
export const timeOf = (at: number): string =>
  new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** A time as people here read it, with its day if that is not today. */
export const momentOf = (at: number, now: number): string => {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return isToday ? timeOf(at) : `${new Date(at).toLocaleDateString()} ${timeOf(at)}`;
};

/** What people read in an element, of which no more than so many characters are looked at. */
export const textOf = ({ textContent }: Element, most = Infinity): string =>
  // A form may have a field of that name.
  String(textContent).slice(0, most).replaceAll(/\s+/g, ' ').trim();

/** A share of pixels, in percent. */
export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** One or many. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`;

/** When an id was made: UUIDv7 begins with it (RFC 9562), epoch milliseconds. */
export const madeAt = (id: string): number => Number(`0x${id.slice(0, 13).replace('-', '')}`);

/** What is said of an offer that is over. An end without a time is mostly meant to be that of its day. */
export const endedWords = (element: Element, moment: string): string =>
  `The offer ended at ${moment}, so its events do not count.${
    /^\d{4}-\d\d-\d\d$/.test(element.getAttribute('data-offer-expires')?.trim() ?? '')
      ? ' A date without a time ends as that day begins, at 00:00 UTC.'
      : ''
  }`;

/** Why the proxy refused an event or let it wait, by its code. */
const CODES: Readonly<Record<string, string>> = {
  invalid_event:
    'its id is not that of a personalized offer, its token is missing or wrong, or it belongs to another user',
  resource_not_found:
    'Chargebee does not know this personalized offer; offersight dev takes only ids that it made, unless --any-id is given',
  machine: 'the proxy takes nothing from crawlers, monitors and browsers that a script drives',
  unknown_outcome:
    'an earlier page sent it and heard no answer, and the server keeps nothing that says whether it counted',
  conflict: 'its event id was used for something else before',
  subject_mismatch: 'it belongs to another user than the session',
  overloaded: 'more events come than the plan’s calls allow',
  unsupported_type: 'the page is newer than the proxy',
  unavailable: 'the proxy could not take events at that moment',
  expired: 'it waited too long, or its offer ended',
  'outbox-full': 'more events wait than the outbox may hold',
  'storage-full': 'the browser gives this site no more storage',
  consent: 'consent was denied',
  unreadable: 'it is not an event of this product',
};

/** A code with what it means. */
export const meaningOf = (code: string): string =>
  Object.hasOwn(CODES, code) ? `${code}: ${CODES[code]}` : code;
