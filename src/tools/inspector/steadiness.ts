/**
 * What keeps an offer's time from ever being over: it is broken off again and again, other elements take its place, or its
 * element gets other ids.
 */
import type { Watched } from '../../client/detect/exposure.js';
import type { Placement } from '../../client/detect/placement.js';
import type { Runtime } from '../../runtime.js';

/** How the time of one element has run since it was looked at first; milliseconds on the monotonic clock. */
interface Run {
  dwell: number | undefined;
  seenAt: number;
  broken: number;
  longestMs: number;
}

/** So many ids of one element are worth a word. */
const MANY = 3;

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** Makes what counts breaks and replacements from one look to the next, and says them. */
export const createSteadiness = (runtime: Pick<Runtime, 'elapsed'>) => {
  const runs = new WeakMap<Placement, Run>();
  const elements = new Map<string, { readonly latest: WeakRef<Element>; readonly replaced: number }>();
  const ids = new WeakMap<Element, { readonly id: string; readonly renamed: number }>();

  const broken = (item: Watched): string[] => {
    const at = runtime.elapsed();
    const run = runs.get(item.placement) ?? { dwell: undefined, seenAt: at, broken: 0, longestMs: 0 };
    if (run.dwell !== undefined && item.dwell !== run.dwell) {
      run.broken++;
      run.longestMs = Math.max(run.longestMs, run.seenAt - run.dwell);
    }
    runs.set(item.placement, Object.assign(run, { dwell: item.dwell, seenAt: at }));
    const longest = (run.longestMs / 1_000).toFixed(1);
    return run.broken ? [`Its time was broken off ${times(run.broken)}; the longest was ${longest} s.`] : [];
  };

  const replaced = ({ element, offerId }: Placement): string[] => {
    const known = elements.get(offerId);
    const latest = known?.latest.deref();
    // Two that stand side by side do not replace each other.
    const isReplaced = known && latest !== element && !latest?.isConnected;
    const count = (known?.replaced ?? 0) + (isReplaced ? 1 : 0);
    if (!known || isReplaced) elements.set(offerId, { latest: new WeakRef(element), replaced: count });
    return count
      ? [
          `Its element was replaced ${times(count)} since the inspector was opened, and each starts at zero: keep it, and change what it holds.`,
        ]
      : [];
  };

  const renamed = ({ element, offerId }: Placement): string[] => {
    const known = ids.get(element);
    const count = (known?.renamed ?? 0) + (known && known.id !== offerId ? 1 : 0);
    if (known?.id !== offerId) ids.set(element, { id: offerId, renamed: count });
    // Lists and carousels use an element again for the next offer.
    return count >= MANY
      ? [
          `Its element got another id ${times(count)} since the inspector was opened, and each starts at zero: keep the id.`,
        ]
      : [];
  };

  return {
    /** What has counted needs no more time. */
    hints(placement: Placement, item: Watched | undefined): string[] {
      const said = [...replaced(placement), ...renamed(placement)];
      // Its time in the next page view is another.
      if (!item) runs.delete(placement);
      return item ? [...broken(item), ...said] : [];
    },
    /** Whether its time begins again and again. A framework may well replace an element once. */
    isRestarted: ({ element, offerId }: Placement): boolean =>
      (elements.get(offerId)?.replaced ?? 0) > 1 || (ids.get(element)?.renamed ?? 0) >= MANY,
  };
};
