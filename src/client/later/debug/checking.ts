/**
 * Finds mistakes in the attributes of offers, controls and the script tag. Each mistake is reported once. An element is checked
 * when it is added and whenever one of its attributes changes.
 */
import leven from 'leven';
import { isOfferId } from '../../../protocol/event.js';
import { isGroup } from '../../../protocol/group.js';
import type { Stop } from '../../../runtime.js';

/** Called with a mistake, and the element that has it. */
export type OnMistake = (words: string, element: Element) => void;

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
const TAG = [
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
const mistakeOf = (name: string, text: string): string | undefined => {
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

/** Reports mistakes on the tags of the script file. */
const checkTags = (onMistake: OnMistake): void => {
  const tags = [...document.querySelectorAll('script[src*="offersight"]')];
  for (const tag of tags)
    for (const name of tag.getAttributeNames()) {
      const isOurs = !name.startsWith('data-') || TAG.includes(name);
      // Short names are near to each other by chance.
      const nearest = isOurs ? undefined : nearestOf(name, TAG, name.length > 'data-12345'.length ? 2 : 1);
      if (nearest) onMistake(`${name} is unknown. Did you mean ${nearest}?`, tag);
    }
  const [first] = tags;
  const repeat = first?.getAttribute('data-repeat');
  const machines = first?.getAttribute('data-machines');
  const dwell = first?.getAttribute('data-dwell');
  if (first && dwell && dwellFault(dwell)) onMistake(`data-dwell="${dwell}" ${dwellFault(dwell)}.`, first);
  if (first && machines != null && !/^(?:ignore|count)$/.test(machines))
    onMistake(`data-machines="${machines}" is not ignore or count.`, first);
  if (first && repeat != null && !/^(?:page|mount|browser)$/.test(repeat))
    onMistake(`data-repeat="${repeat}" is not page, mount or browser; offers count once a page view.`, first);
};

/**
 * Starts looking, in the document and in what `trees` gives.
 * @param trees The trees that may show offers.
 */
export const createChecking = (trees: () => readonly Node[], onMistake: OnMistake): Stop => {
  const told = new WeakMap<Element, Set<string>>();

  const check = (element: Element): void => {
    for (const name of element.getAttributeNames()) {
      const words = mistakeOf(name, element.getAttribute(name) ?? '');
      const known = told.get(element) ?? new Set();
      if (!words || known.has(words)) continue;
      told.set(element, known.add(words));
      onMistake(words, element);
    }
  };

  const checkAll = (node: Node): void => {
    if (node.nodeType === Node.ELEMENT_NODE) check(node as Element);
    for (const element of (node as ParentNode).querySelectorAll?.('*') ?? []) check(element);
  };

  const observer = new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes)
      if (type === 'attributes') check(target as Element);
      else for (const node of addedNodes) checkAll(node);
    watch();
  });
  const watched = new WeakSet<Node>();
  const watch = (): void => {
    for (const tree of trees()) {
      if (watched.has(tree)) continue;
      watched.add(tree);
      observer.observe(tree, { attributes: true, childList: true, subtree: true });
      checkAll(tree);
    }
  };
  checkTags(onMistake);
  watch();
  return () => observer.disconnect();
};
