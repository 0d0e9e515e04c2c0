/**
 * Finding offers by what changed: with many offers on a page it costs less to look at what a change names than at
 * everything that is there.
 */
import { OFFER, type Registry, type RegistryExtension } from '../../detect/registry.js';

/** With more than this the next frame is not awaited, so that a hidden page does not keep what it throws away. */
const MOST_CHANGED = 1_000;

/** In place of the registry's own way, which looks at everything. */
export const findByChanges = (registry: Pick<Registry, 'look'>): RegistryExtension['onChange'] => {
  const changed = new Set<Element>();

  const scan = (): void => {
    for (const element of changed) {
      registry.look(element);
      for (const inner of element.querySelectorAll(`[${OFFER}]`)) registry.look(inner);
    }
    changed.clear();
  };

  return (records) => {
    const isWaiting = changed.size > 0;
    for (const { attributeName, target, addedNodes, removedNodes } of records) {
      for (const node of attributeName ? [target] : [...addedNodes, ...removedNodes])
        if (node.nodeType === Node.ELEMENT_NODE) changed.add(node as Element);
    }
    if (changed.size > MOST_CHANGED) scan();
    else if (changed.size && !isWaiting) requestAnimationFrame(scan);
  };
};
