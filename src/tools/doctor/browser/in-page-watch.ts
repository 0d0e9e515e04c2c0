/** What is asked inside the page of an offer that stays in view. It is sent as text, so it uses nothing from outside of itself. */

/** What became of an offer that was kept in view. */
export interface RawWatched {
  readonly markup: string;
  readonly forMs: number;
  readonly replaced: number;
  /** Whether a timer that was set meanwhile has run. */
  readonly hasTimers: boolean;
}

/** Keeps an offer in view, the first one of which half shows and nothing covers the middle, until {@link endWatching}. */
export const startWatching = async (): Promise<void> => {
  const isFit = (element: Element): boolean =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    !element.hasAttribute('data-offer-dwell') &&
    /^[\w.:~-]{1,50}$/.test(element.getAttribute('data-offer-id') ?? '');
  // Only if nothing reports, as when a script has replaced the observer: this does not know what clips an element.
  const measure = (element: Element): number => {
    const { top, bottom, left, right, width, height } = element.getBoundingClientRect();
    const shown = (from: number, to: number, most: number): number =>
      Math.max(0, Math.min(to, most) - Math.max(from, 0));
    return (shown(top, bottom, innerHeight) * shown(left, right, innerWidth)) / (width * height);
  };
  const shareOf = (element: Element): Promise<number> =>
    new Promise((resolve) => {
      let frames = 30;
      const wait = (): void => {
        if (frames--) requestAnimationFrame(wait);
        else resolve(measure(element));
      };
      wait();
      new IntersectionObserver(([entry], observer) => {
        observer.disconnect();
        resolve(entry?.intersectionRatio ?? 0);
      }).observe(element);
    });
  const isOnTop = (element: Element): boolean => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  };
  for (const first of [...document.querySelectorAll('[data-offer-id]')].filter(isFit).slice(0, 5)) {
    first.scrollIntoView({ behavior: 'instant', block: 'center' });
    if ((await shareOf(first)) < 0.5 || !isOnTop(first)) continue;
    const id = first.getAttribute('data-offer-id');
    const markup = first.outerHTML.slice(0, first.outerHTML.indexOf('>') + 1).slice(0, 200);
    let element = first;
    let replaced = 0;
    let hasLeft = false;
    let hasTimers = false;
    window.setTimeout(() => {
      hasTimers = true;
    }, 300);
    const leaving = new IntersectionObserver(
      (entries) => {
        hasLeft ||= entries.some(
          ({ target, intersectionRatio }) => target.isConnected && intersectionRatio < 0.5,
        );
      },
      { threshold: 0.5 },
    );
    const replacing = new MutationObserver(() => {
      if (element.isConnected) return;
      const next = [...document.querySelectorAll('[data-offer-id]')].find(
        (other) => other.getAttribute('data-offer-id') === id,
      );
      if (!next) return;
      replaced++;
      element = next;
      leaving.observe(next);
    });
    leaving.observe(element);
    replacing.observe(document, { childList: true, subtree: true });
    const startedAt = window.performance.now();
    const end = (): RawWatched | undefined => {
      leaving.disconnect();
      replacing.disconnect();
      const forMs = window.performance.now() - startedAt;
      return element.isConnected && !hasLeft && isOnTop(element)
        ? { markup, replaced, forMs, hasTimers }
        : undefined;
    };
    Object.assign(globalThis, { [Symbol.for('watched by the doctor')]: end });
    return;
  }
};

/** Resolves to nothing if no offer was in view, or it left. */
export const endWatching = (): RawWatched | undefined =>
  (globalThis as { [end: symbol]: (() => RawWatched | undefined) | undefined })[
    Symbol.for('watched by the doctor')
  ]?.();
