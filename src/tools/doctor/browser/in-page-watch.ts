/** What is asked inside the page of an offer that stays in view. It is sent as text, so it uses nothing from outside of itself. */

/** An offer that was kept in view. */
export interface RawWatched {
  readonly markup: string;
  readonly forMs: number;
}

/** Keeps an offer in view, the first one of which half shows and nothing covers the middle, until {@link endWatching}. */
export const startWatching = async (): Promise<void> => {
  const isFit = (element: Element): boolean =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    !element.hasAttribute('data-offer-dwell') &&
    /^[\w.:~-]{1,50}$/.test(element.getAttribute('data-offer-id') ?? '');
  const shareOf = (element: Element): Promise<number> =>
    new Promise((resolve) => {
      new IntersectionObserver(([entry], observer) => {
        observer.disconnect();
        resolve(entry?.intersectionRatio ?? 0);
      }).observe(element);
    });
  const isOnTop = (element: Element): boolean => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  };
  for (const element of [...document.querySelectorAll('[data-offer-id]')].filter(isFit).slice(0, 5)) {
    element.scrollIntoView({ behavior: 'instant', block: 'center' });
    if ((await shareOf(element)) < 0.5 || !isOnTop(element)) continue;
    let hasLeft = false;
    const leaving = new IntersectionObserver(
      (entries) => {
        hasLeft ||= entries.some(({ intersectionRatio }) => intersectionRatio < 0.5);
      },
      { threshold: 0.5 },
    );
    leaving.observe(element);
    const startedAt = window.performance.now();
    const end = (): RawWatched | undefined => {
      leaving.disconnect();
      const markup = element.outerHTML.slice(0, element.outerHTML.indexOf('>') + 1).slice(0, 200);
      const forMs = window.performance.now() - startedAt;
      return element.isConnected && !hasLeft && isOnTop(element) ? { markup, forMs } : undefined;
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
