/**
 * The floor that everything is compared with: one plain IntersectionObserver and one timer for each offer that is
 * half visible. It finds nothing, keeps nothing and delivers nothing. Runs in the page.
 */

/** How long half of an offer has to be visible without a break. */
const DWELL_MS = 1_000;

/** A bare observer. */
export interface Bare {
  observe(element: Element): void;
  unobserve(element: Element): void;
  /** How many offers counted. */
  counted(): number;
}

/** Makes one. */
export const createBare = (): Bare => {
  const timers = new Map<Element, number>();
  let counted = 0;
  const stop = (element: Element): void => {
    clearTimeout(timers.get(element));
    timers.delete(element);
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio } of entries) {
        if (intersectionRatio < 0.5) stop(target);
        else if (!timers.has(target))
          timers.set(
            target,
            window.setTimeout(() => {
              timers.delete(target);
              // Even the shortest code has this line, so it is in the comparison.
              observer.unobserve(target);
              counted++;
            }, DWELL_MS),
          );
      }
    },
    { threshold: [0.5] },
  );
  return {
    observe: (element) => observer.observe(element),
    unobserve(element) {
      stop(element);
      observer.unobserve(element);
    },
    counted: () => counted,
  };
};
