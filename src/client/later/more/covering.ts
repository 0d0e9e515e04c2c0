/**
 * How much of an offer shows, found by hit testing points of what lies in sight. Costs some dozen questions to the browser, so
 * it is asked seldom: when is occlusion.ts.
 */
import { holds } from '../detect/roots.js';
import { isRendered, partInView } from '../detect/sight.js';
import { boxesOf } from './contents.js';

/** Points in a row and in a column: even, so that what is covered by half shows by half. */
const POINTS = 8;

/** What is drawn by itself, whatever its styles are. */
const REPLACED = ':is(img,video,canvas,iframe,embed,object,svg *)';

/** Colors without any opacity, as browsers write them. */
const TRANSPARENT = /^transparent$|^rgba\(.*, 0\)$|\/ 0\)$/;

const hasBackground = ({ backgroundColor, backgroundImage, backdropFilter }: CSSStyleDeclaration): boolean =>
  !TRANSPARENT.test(backgroundColor) ||
  backgroundImage !== 'none' ||
  // Browsers without it have none.
  !/^(?:none)?$/.test(backdropFilter ?? '');

const isIn = ({ left, right, top, bottom }: DOMRect, x: number, y: number): boolean =>
  left <= x && x <= right && top <= y && y <= bottom;

/** The lines of an element's own text. */
const linesOf = (element: Element): DOMRect[] => {
  const range = element.ownerDocument.createRange();
  return [...element.childNodes].flatMap((node) => {
    if (node.nodeType !== Node.TEXT_NODE) return [];
    range.selectNode(node);
    return [...range.getClientRects()];
  });
};

/** Whether something else is drawn for an element, wherever that is: `::backdrop` and the like. */
const hasPseudo = (element: Element): boolean =>
  ['::before', '::after', '::backdrop'].some((pseudo) => {
    const style = getComputedStyle(element, pseudo);
    const isThere = pseudo === '::backdrop' ? element.matches(':is(:modal,:popover-open)') : true;
    return isThere && !/^(?:none|normal)$/.test(style.content) && hasBackground(style);
  });

/** Where an element hides what lies behind it: wherever it is hit, or in these boxes alone. */
interface Drawn {
  readonly isEverywhere: boolean;
  readonly boxes: readonly DOMRect[];
}

const drawnFor = (element: Element): Drawn => {
  if (!isRendered(element)) return { isEverywhere: false, boxes: [] };
  const own = hasBackground(getComputedStyle(element)) ? [element.getBoundingClientRect()] : [];
  return {
    isEverywhere: element.matches(REPLACED) || hasPseudo(element),
    boxes: [...own, ...linesOf(element)],
  };
};

/** Tells of points what hides something there; asks for the styles of an element once. */
const createPainter = (): ((element: Element, x: number, y: number) => boolean) => {
  const known = new Map<Element, Drawn>();
  return (element, x, y) => {
    const drawn = known.get(element) ?? drawnFor(element);
    known.set(element, drawn);
    return drawn.isEverywhere || drawn.boxes.some((box) => isIn(box, x, y));
  };
};

type Draws = ReturnType<typeof createPainter>;

/** The trees around a node, the outermost first. */
const treesOf = (node: Node): (Document | ShadowRoot)[] => {
  const tree = node.getRootNode() as Document | ShadowRoot;
  return 'host' in tree ? [...treesOf(tree.host), tree] : [tree];
};

/** Whether an element is what shows at a point of its document; nothing, where it is not drawn there at all. */
const showsAt = (element: Element, x: number, y: number, draws: Draws): boolean | undefined => {
  const find = ([tree, ...inner]: (Document | ShadowRoot)[]): boolean | undefined => {
    for (const hit of (tree as Partial<Document>)?.elementsFromPoint?.(x, y) ?? []) {
      // Some engines name what is outside of a tree, too.
      if (hit.getRootNode() !== tree) continue;
      if (holds(element, hit)) return true;
      const [next] = inner;
      if (next && 'host' in next && next.host === hit) {
        const shows = find(inner);
        if (shows !== undefined) return shows;
      }
      // Whatever it lies in is behind it.
      if (holds(hit, element)) return undefined;
      if (draws(hit, x, y)) return false;
    }
    return undefined;
  };
  return find(treesOf(element));
};

/** Whether it shows in the window, also through the frames that it lies in. */
const showsInWindow = (element: Element, x: number, y: number, draws: Draws): boolean | undefined => {
  const shows = showsAt(element, x, y, draws);
  const frame = element.ownerDocument.defaultView?.frameElement;
  if (!frame || !shows) return shows;
  const { left, top } = frame.getBoundingClientRect();
  return showsInWindow(frame, left + frame.clientLeft + x, top + frame.clientTop + y, draws);
};

/** The share of an offer's own pixels that nothing hides, 0–1. What no pointer hits is believed to show. */
export const clearShareOf = (element: Element): number => {
  const draws = createPainter();
  let area = 0;
  let clear = 0;
  for (const box of boxesOf(element)) {
    const { width, height } = box.getBoundingClientRect();
    const part = partInView(box, document.documentElement);
    const seen: (boolean | undefined)[] = [];
    if (getComputedStyle(box).pointerEvents !== 'none')
      for (let at = 0; at < POINTS ** 2; at++) {
        const x = part.left + (part.width * ((at % POINTS) + 0.5)) / POINTS;
        const y = part.top + (part.height * (Math.floor(at / POINTS) + 0.5)) / POINTS;
        seen.push(showsInWindow(box, x, y, draws));
      }
    const drawn = seen.filter((shows) => shows !== undefined);
    area += width * height;
    clear +=
      part.width * part.height * (drawn.length ? drawn.filter((shows) => shows).length / drawn.length : 1);
  }
  return clear / area;
};
