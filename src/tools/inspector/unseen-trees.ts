/** Shadow trees that the tracker does not see: those that came late, and closed ones. */
import { nameOf } from '../../client/later/debug/wording.js';
import { counted } from './words.js';

/** Elements whose shadow tree came after the tracker had looked at them. */
export const lateTrees = (elements: readonly Element[], trees: readonly Node[]): string[] =>
  elements.flatMap((element) => {
    const { shadowRoot } = element;
    const count = shadowRoot?.querySelectorAll('[data-offer-id]').length ?? 0;
    return !shadowRoot || !count || trees.includes(shadowRoot)
      ? []
      : `${nameOf(element)} got its shadow tree late, with ${counted(count, 'offer')} that no tracker watches: give its shadowRoot to tracker.observe().`;
  });

/** Elements of components that show something of which the page has no tree. */
export const closedTrees = (elements: readonly Element[]): string[] =>
  elements
    .filter(
      (element) =>
        element.localName.includes('-') &&
        !element.shadowRoot &&
        !element.childElementCount &&
        (element as HTMLElement).offsetHeight > 0,
    )
    .map(
      (element) =>
        `${nameOf(element)} may hold offers in a closed shadow tree: give that to tracker.observe().`,
    );
