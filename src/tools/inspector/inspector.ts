/**
 * The inspector: shows on the page itself why each offer counts or does not, and how far each event came. It sees no more than
 * the page can, and a page that does not open it loads nothing of it.
 * @module offersight/inspector
 */
import { h, render } from 'preact';
import { platformRuntime, type Stop } from '../../runtime.js';
import { askByLink, PREFIX } from './link.js';
import { createLooking, type Looking } from './looking.js';
import { reportOf } from './report.js';
import { createFrame } from './view/frame.js';
import { type Outline, Outlines } from './view/outlines.js';
import { Panel } from './view/panel.js';

export { VERSION } from '../../version.js';

/** Options of {@link openInspector}. */
export interface InspectorOptions {
  /**
   * The endpoint whose tracker is looked at.
   * @default that of the page's first tracker
   * @range an absolute URL
   * @example `'https://shop.example/offer-events'`
   */
  readonly endpoint?: string | undefined;
  /**
   * Where the operator's page is: each event that the proxy took links to it.
   * @default no links
   * @range an address with a slash at the end
   * @example `'https://ops.example/admin/'`
   */
  readonly operatorUrl?: string | undefined;
}

/** An inspector that is open. */
export interface Inspector {
  /** What it shows, as text. */
  text(): string;
  /** Takes it off the page. Calling it again does nothing. */
  close(): void;
}

/** How often the page is looked at, and how often the database is, milliseconds. */
const SHOW_MS = 200;
const REFRESH_MS = 1_000;
const NOTICE_MS = 4_000;

/** One for the page, even if it has two copies of this file. */
const OPEN = Symbol.for('offersight-inspector');
const shared = globalThis as { [OPEN]?: Inspector | undefined };

const isNear = ({ bottom, right, top, left, width, height }: DOMRect): boolean =>
  width * height > 0 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;

/** One box around all that is drawn for an offer. */
const aroundOf = (drawn: readonly Element[]): DOMRect => {
  const boxes = drawn.map((box) => box.getBoundingClientRect());
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const width = Math.max(...boxes.map((box) => box.right)) - left;
  const height = Math.max(...boxes.map((box) => box.bottom)) - top;
  return boxes.length ? new DOMRect(left, top, width, height) : new DOMRect();
};

/**
 * Opens the inspector on this page, or gives the one that is open. It works beside a tracker that
 * runs already, by script tag or by npm, and says why there is none.
 * @throws {TypeError} If there is no document, or the browser has no constructed style sheets.
 */
export const openInspector = ({ endpoint, operatorUrl }: InspectorOptions = {}): Inspector => {
  const known = shared[OPEN];
  if (known) return known;
  const runtime = platformRuntime();
  const frame = createFrame();
  const lookAt = (chosen: string | undefined): Looking => createLooking(chosen, frame.host, runtime);
  let looking = lookAt(endpoint);
  let isFolded = false;
  let notice = '';
  let text: string | undefined;
  let isClosed = false;
  let snapshot = looking.snapshot();
  let nextFrame = 0;
  let stopShowing: Stop = () => undefined;
  let refreshedAt = -Infinity;
  let isRefreshing = false;

  const drawOutlines = (): void => {
    nextFrame = requestAnimationFrame(drawOutlines);
    const outlines = snapshot.offers.flatMap((note): Outline | [] => {
      const box = aroundOf(note.boxes);
      // What lies in a frame has another viewport.
      return isNear(box) && note.element.ownerDocument === document ? { note, box } : [];
    });
    render(h(Outlines, { outlines }), frame.outlines);
  };

  const say = (words: string): void => {
    notice = words;
    show();
    runtime.after(NOTICE_MS, () => {
      if (notice === words) notice = '';
    });
  };

  const onCopy = async (): Promise<void> => {
    const copied = inspector.text();
    try {
      await globalThis.navigator.clipboard.writeText(copied);
      text = undefined;
      say('Copied.');
    } catch {
      // No permission, or no https: then people copy it themselves.
      text = copied;
      say('Copy it below.');
    }
  };

  const show = (): void => {
    if (isClosed) return;
    frame.raise();
    snapshot = looking.snapshot();
    render(
      h(Panel, {
        ...{ snapshot, isFolded, notice, text, operatorUrl },
        onShow: (element) => element.scrollIntoView({ block: 'center', inline: 'center' }),
        onCopy: () => void onCopy(),
        onFold() {
          isFolded = !isFolded;
          show();
        },
        onClose: () => inspector.close(),
        onChoose(chosen) {
          looking.stop();
          looking = lookAt(chosen);
          show();
        },
      }),
      frame.panel,
    );
  };

  const refresh = async (): Promise<void> => {
    isRefreshing = true;
    await looking.refresh().catch(() => undefined);
    isRefreshing = false;
    refreshedAt = runtime.elapsed();
  };

  const inspector: Inspector = {
    text: () => reportOf(looking.snapshot(), runtime.now()),
    close() {
      if (isClosed) return;
      isClosed = true;
      shared[OPEN] = undefined;
      stopShowing();
      cancelAnimationFrame(nextFrame);
      looking.stop();
      render(null, frame.outlines);
      render(null, frame.panel);
      frame.remove();
      // A reload would open it again.
      if (location.hash.startsWith(PREFIX))
        history.replaceState(history.state, '', location.pathname + location.search);
    },
  };
  shared[OPEN] = inspector;
  const showAgain = (): void => {
    stopShowing();
    // First, so that one moment that goes wrong is not the last.
    stopShowing = runtime.after(SHOW_MS, showAgain);
    if (!isRefreshing && runtime.elapsed() - refreshedAt >= REFRESH_MS) void refresh().then(show);
    show();
  };
  showAgain();
  drawOutlines();
  return inspector;
};

/**
 * Opens it for a link of `offersight inspect-link`, if the proxy says that the link holds. Any other hash opens nothing.
 * @param endpoint The endpoint to ask, absolute, of this page's origin.
 */
export const openByLink = async (endpoint: string): Promise<void> => {
  try {
    const inspection = await askByLink(endpoint, platformRuntime());
    if (inspection) openInspector({ endpoint, ...inspection });
    else
      console.warn(
        'Offersight: this link does not open the inspector here, or not any more. Make another: offersight inspect-link URL.',
      );
  } catch {
    // Nobody said that the link is wrong, and this is when an inspector is needed most.
    console.warn(
      `Offersight: the proxy did not answer at ${endpoint}, so the link opens nothing. Open the inspector on the console: it says what is wrong.`,
    );
  }
};
