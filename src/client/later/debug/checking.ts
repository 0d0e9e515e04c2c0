/**
 * Finds mistakes in the attributes of offers, controls and the script tag. Each mistake is reported once. An element is checked
 * when it is added and whenever one of its attributes changes.
 */
import type { Stop } from '../../../runtime.js';
import { mistakeOf, tagNameMistakeOf, tagValueMistakesOf } from './attribute-mistakes.js';

/** Called with a mistake, and the element that has it. */
export type OnMistake = (words: string, element: Element) => void;

/** Reports mistakes on the tags of the script file. */
const checkTags = (onMistake: OnMistake): void => {
  const tags = [...document.querySelectorAll('script[src*="offersight"]')];
  for (const tag of tags)
    for (const name of tag.getAttributeNames()) {
      const words = tagNameMistakeOf(name);
      if (words) onMistake(words, tag);
    }
  const [first] = tags;
  if (first)
    for (const words of tagValueMistakesOf((name) => first.getAttribute(name))) onMistake(words, first);
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
