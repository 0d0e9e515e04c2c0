/**
 * How much of an offer shows, found by hit testing points of what lies in sight. Costs some dozen questions to the browser, so
 * it is asked seldom: when is occlusion.ts.
 */
import { isShown } from '../../detect/exposure.js';
import { boxesOf } from './contents.js';
import { holds, hostOf } from './roots.js';
import { partInView } from './sight.js';

/** Points in a row and in a column: even, so that what is covered by half shows by half. */
const POINTS = 8;

/** Elements that are drawn even without any styles. */
const REPLACED = ':is(img,video,canvas,iframe,embed,object,svg *)';

/** A picture that did not load draws nothing, and one of a single pixel shields what is below from copying. */
const isBlank = ({ naturalWidth }: Partial<HTMLImageElement>): boolean => Number(naturalWidth) <= 1;

/** What shows people why offers count or not is apart from the page. */
const INSPECTOR = 'offersight-inspector';

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

const areaOf = ({ width, height }: { readonly width: number; readonly height: number }): number =>
  width * height;

/**
 * Whether what is drawn for an element beside itself fills it. Its place cannot be found out, so small ones hide nothing.
 */
const hasPseudo = (element: Element): boolean =>
  ['::before', '::after'].some((pseudo) => {
    const style = getComputedStyle(element, pseudo);
    const area = areaOf({ width: parseFloat(style.width), height: parseFloat(style.height) });
    return (
      !/^(?:none|normal)$/.test(style.content) &&
      // Many show only under a pointer.
      style.opacity !== '0' &&
      style.visibility !== 'hidden' &&
      hasBackground(style) &&
      area >= areaOf(element.getBoundingClientRect()) / 2
    );
  }) ||
  (element.matches(':is(:modal,:popover-open)') && hasBackground(getComputedStyle(element, '::backdrop')));

/** The places at which an element hides what is behind it: wherever it is hit, or only in these boxes. */
interface Drawn {
  readonly isEverywhere: boolean;
  readonly boxes: readonly DOMRect[];
}

const drawnFor = (element: Element): Drawn => {
  if (!isShown(element)) return { isEverywhere: false, boxes: [] };
  const own = hasBackground(getComputedStyle(element)) ? [element.getBoundingClientRect()] : [];
  return {
    isEverywhere: (element.matches(REPLACED) && !isBlank(element)) || hasPseudo(element),
    boxes: [...own, ...linesOf(element)],
  };
};

/** Finds what hides something at given points. Asks for the styles of an element once. */
const createPainter = (): ((element: Element, x: number, y: number) => boolean) => {
  const known = new Map<Element, Drawn>();
  return (element, x, y) => {
    const drawn = known.get(element) ?? drawnFor(element);
    known.set(element, drawn);
    return drawn.isEverywhere || drawn.boxes.some((box) => isIn(box, x, y));
  };
};

type Draws = ReturnType<typeof createPainter>;

/** Whether an element, or what an open shadow root of it holds, hides something at a point. */
const covers = (element: Element, x: number, y: number, draws: Draws): boolean => {
  const { shadowRoot, localName } = element;
  const inner = shadowRoot?.elementsFromPoint?.(x, y) ?? [];
  return (
    localName !== INSPECTOR &&
    (draws(element, x, y) ||
      inner.some((hit) => hit.getRootNode() === shadowRoot && covers(hit, x, y, draws)))
  );
};

/** The trees around a node, the outermost first. */
const treesOf = (node: Node): (Document | ShadowRoot)[] => {
  const tree = node.getRootNode() as Document | ShadowRoot;
  const host = hostOf(tree);
  return host ? [...treesOf(host), tree] : [tree];
};

/** Whether an element is what shows at a point of its document; nothing, where it is not drawn there at all. */
const showsAt = (element: Element, x: number, y: number, draws: Draws): boolean | undefined => {
  // Browsers find the topmost element much faster than all of them.
  const top = element.ownerDocument.elementFromPoint(x, y);
  if (top && holds(element, top)) return true;
  const find = ([tree, ...inner]: (Document | ShadowRoot)[]): boolean | undefined => {
    const hits = (tree as Partial<Document>)?.elementsFromPoint?.(x, y) ?? [];
    const [next] = inner;
    const host = next && hostOf(next);
    const own = hits.findIndex((hit) => holds(element, hit) || hit === host);
    // If it is not hit, as below a modal dialog, only elements that do not contain it are surely above it.
    const end = own < 0 ? hits.findIndex((hit) => holds(hit, element)) : own;
    const above = end < 0 ? hits : hits.slice(0, end);
    // Some engines also name elements outside of a tree. An element around it covers it only by what it draws beside itself.
    if (above.some((hit) => hit.getRootNode() === tree && covers(hit, x, y, draws))) return false;
    if (own < 0) return undefined;
    return hits[own] === host && !holds(element, host as Element) ? find(inner) : true;
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

const takesPresses = (element: Element): boolean => getComputedStyle(element).pointerEvents !== 'none';

/** The share of an offer's own pixels that nothing hides, 0–1. What no pointer hits is believed to show. */
export const clearShareOf = (element: Element): number => {
  const draws = createPainter();
  let area = 0;
  let clear = 0;
  for (const box of boxesOf(element)) {
    const { width, height } = box.getBoundingClientRect();
    const part = partInView(box, document.documentElement);
    const seen: (boolean | undefined)[] = [];
    // Where the whole page takes no presses, as below a modal of some libraries, what does take them is above it.
    if (takesPresses(box) || !takesPresses(box.ownerDocument.body))
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
  // What has no place here cannot be tested, and is believed to show.
  return area ? clear / area : 1;
};
