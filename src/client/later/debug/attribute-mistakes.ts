/**
 * What is wrong with the attributes of offers, controls and the script tag: names that are nearly right, and values that
 * nothing can use. Pure, for the browser's console, the inspector and the doctor.
 */
import leven from 'leven';
import { isOfferId } from '../../../protocol/event.js';
import { isGroup } from '../../../protocol/group.js';

const isShare = (text: string): boolean => Number(text) >= 0 && Number(text) <= 1;
const isTime = (text: string): boolean => Number(text) >= 0;

/** No offer needs to be seen so shortly: seconds were meant. */
const SHORTEST_MS = 100;

/** What is wrong with a dwell, if anything is. */
const dwellFault = (text: string): string | false => {
  const given = Number(text);
  if (given > 0 && given < SHORTEST_MS) return `is in milliseconds; for seconds write ${given * 1_000}`;
  if (isTime(text)) return false;
  return parseFloat(text) >= 0
    ? `is read as ${parseFloat(text)} milliseconds`
    : 'is not a number of milliseconds; the page’s own counts';
};

/** What templates write for nothing; the proxy refuses the same. */
const NOTHING = /^(?:null|undefined|true|false)$/;

/** What each attribute of an offer or a control may say. Gives what is wrong with a value, if anything is. */
const OFFER: Readonly<Record<string, (text: string) => string | false>> = {
  'data-offer-id': (text) =>
    NOTHING.test(text.trim())
      ? 'is what a template writes for nothing; the proxy refuses it'
      : !isOfferId(text.trim()) &&
        'is not the id of a personalized offer, so the element is not an offer yet',
  'data-offer-ratio': (text) => !isShare(text) && 'is not a share from 0 to 1; the page’s own counts',
  'data-offer-dwell': dwellFault,
  'data-offer-ignore': (text) =>
    text !== 'off' &&
    text !== 'leave' &&
    !isTime(text) &&
    'is not off, leave or a number of milliseconds; the page’s own counts',
  'data-offer-repeat': (text) =>
    !/^(?:page|mount|browser)$/.test(text) && 'is not page, mount or browser; it counts once a page view',
  'data-offer-expires': (text) =>
    !(Number(text) || Date.parse(text)) &&
    'is not a time: give epoch seconds or an ISO date; without one the offer never ends',
  'data-offer-token': () => false,
  'data-offer-group': (text) =>
    !isGroup(text) && 'is not a group of 1–50 letters, digits or _ . : / ~ -; it counts under (none)',
  'data-offer-dismiss': () => false,
  'data-offer-accept': () => false,
};

/** What the script file reads of its tag. */
export const TAG: readonly string[] = [
  'endpoint',
  'repeat',
  'debug',
  'ignore',
  'occlusion',
  'data-layer',
  'ratio',
  'dwell',
  'controls',
  'labels',
  'escape',
  'outbox',
  'consent',
  'files',
  'gpc',
  'subject',
  'machines',
].map((name) => `data-${name}`);

/** The known name that was meant, if it differs by so little that it is no other. */
const nearestOf = (name: string, known: readonly string[], farthest: number): string | undefined => {
  const distances = known.map((each) => [leven(name, each), each] as const);
  const [distance = Number.NaN, nearest] = distances.sort(([one], [other]) => one - other)[0] ?? [];
  return distance <= farthest ? nearest : undefined;
};

/** What is wrong with an attribute of any element; nothing, if it is somebody else's. */
export const mistakeOf = (name: string, text: string): string | undefined => {
  const check = OFFER[name];
  if (check) {
    // Templates leave an attribute empty that is not there yet.
    const words = text && check(text);
    return words ? `${name}="${text}" ${words}.` : undefined;
  }
  if (!name.startsWith('data-')) return undefined;
  // `data-order-id` is two letters away.
  const nearest = nearestOf(name, Object.keys(OFFER), /^data-?offer/.test(name) ? 2 : 1);
  return nearest && `${name} is unknown. Did you mean ${nearest}?`;
};

/** What is wrong with the name of an attribute of the script's tag; nothing, if it is right or somebody else's. */
export const tagNameMistakeOf = (name: string): string | undefined => {
  if (!name.startsWith('data-') || TAG.includes(name)) return undefined;
  // Short names are near to each other by chance.
  const nearest = nearestOf(name, TAG, name.length > 'data-12345'.length ? 2 : 1);
  return nearest && `${name} is unknown. Did you mean ${nearest}?`;
};

/** What is wrong with a value of the script's tag that the tracker does not refuse by itself, if anything is. */
const TAG_VALUES: Readonly<Record<string, (text: string) => string | false>> = {
  'data-dwell': dwellFault,
  'data-machines': (text) => !/^(?:ignore|count)$/.test(text) && 'is not ignore or count',
  'data-repeat': (text) =>
    !/^(?:page|mount|browser)$/.test(text) && 'is not page, mount or browser; offers count once a page view',
};

/** Mistakes in the values of the script's tag. */
export const tagValueMistakesOf = (read: (name: string) => string | null): string[] =>
  Object.entries(TAG_VALUES).flatMap(([name, faultOf]) => {
    const text = read(name);
    const words = text && faultOf(text);
    return words ? `${name}="${text}" ${words}.` : [];
  });
