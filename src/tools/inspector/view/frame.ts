/** Where the inspector stands: an element of its own above everything, whose shadow tree the page's styles do not reach. */
import { hostOf } from '../../../client/later/detect/roots.js';
import type { Stop } from '../../../runtime.js';
import { STYLE } from './style.js';

/** The element, and where to draw. */
export interface Frame {
  readonly host: HTMLElement;
  /** Outlines and panel are drawn apart, since outlines move with every frame. */
  readonly outlines: HTMLElement;
  readonly panel: HTMLElement;
  /** Comes above what was opened since. While a modal dialog is open, nothing outside of it can be pressed. */
  raise(): void;
  remove: Stop;
}

/** What pages listen to on their document. */
const PRESSES = [
  ...['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click', 'auxclick', 'contextmenu', 'dblclick'],
  ...['touchstart', 'touchend', 'keydown', 'keyup', 'keypress', 'focusin', 'focusout', 'wheel'],
];

/**
 * The uppermost modal dialog: they are opened in this order most of the time. One in a shadow tree has the focus in it, which
 * costs less to follow than to search every tree.
 */
const modalOf = (): Element | undefined => {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  for (let at: Element | null | false = focused; at; at = hostOf(at.getRootNode())) {
    const modal = at.closest('dialog:modal');
    if (modal) return modal;
  }
  return [...document.querySelectorAll('dialog:modal')].at(-1);
};

/** What fills the screen: Chromium lets nothing outside of it be pressed. What shows no children holds no panel either. */
const fullscreenOf = (): Element | null | undefined =>
  document.fullscreenElement?.matches('video, img, canvas, iframe') ? undefined : document.fullscreenElement;

const styled = (root: ShadowRoot): void => {
  // Policies that forbid inline styles allow these.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
};

/** Puts it on the page. */
export const createFrame = (): Frame => {
  const host = document.createElement('offersight-inspector');
  // Its words are English, on any page.
  host.dir = 'ltr';
  host.lang = 'en';
  const root = host.attachShadow({ mode: 'open' });
  styled(root);
  const outlines = document.createElement('div');
  const panel = document.createElement('div');
  root.append(outlines, panel);
  // What is pressed here is none of the page's business, such as closing what is open.
  for (const type of PRESSES) host.addEventListener(type, (event) => event.stopPropagation());

  const raise = (): void => {
    const home = modalOf() ?? fullscreenOf() ?? document.documentElement;
    if (host.parentNode === home && host.isConnected) return;
    home.append(host);
    // Browsers without popovers show it by its z-index.
    if (host.showPopover) {
      host.popover = 'manual';
      host.showPopover();
    }
  };
  raise();

  return { host, outlines, panel, raise, remove: () => host.remove() };
};
