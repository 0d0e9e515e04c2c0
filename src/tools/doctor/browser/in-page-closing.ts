/** What is asked inside the page of what closes offers. It is sent as text, so it uses nothing from outside of itself. */

/** A control that seems to close an offer, and that the tracker does not know. */
export interface RawControl {
  readonly markup: string;
  readonly name: string;
}

/**
 * Controls in offers, and in the dialogs around them, that look as if they closed these. They have a class that says so, and
 * no name; or they are called what people press to be rid of an offer.
 */
export const readIdleControls = (most: number): RawControl[] => {
  interface Inside {
    readonly options?: { readonly dismissal?: { readonly controls?: unknown; readonly labels?: unknown } };
  }
  const dismissals = Object.getOwnPropertySymbols(globalThis)
    .filter(({ description = '' }) => /^offersight https?:/.test(description))
    .map(
      (symbol) =>
        (globalThis as { [view: symbol]: { inside?: Inside } | undefined })[symbol]?.inside?.options
          ?.dismissal,
    );
  // The page has names or controls of its own, which may well be these.
  if (dismissals.some((dismissal) => dismissal?.controls !== undefined || dismissal?.labels !== undefined))
    return [];
  const MARKED =
    '[data-offer-dismiss],[data-offer-accept],[data-dismiss],[data-bs-dismiss],[command],[popovertarget]';
  const PRESSED = 'a,button,[role=button],[onclick],i[class],span[class]';
  const SAYS =
    /(?:^|[^a-z])(?:close|closer|dismiss|cross|times|x)(?:[^a-z]|$)|(?:close|dismiss)(?:btn|button|icon)/i;
  const REFUSING =
    /^(?:no,? thanks?(?: you)?|not now|not interested|maybe later|later|remind me later|skip|hide|nein,? danke|später|jetzt nicht|non,? merci|plus tard|no,? gracias|ahora no|no,? grazie)[.!]?$/i;
  const nameOf = (element: Element): string =>
    [
      element.getAttribute('aria-label'),
      element.getAttribute('title'),
      element.textContent,
      element.querySelector('img')?.getAttribute('alt'),
      element.querySelector('svg title')?.textContent,
    ]
      .map((text) => text?.replaceAll(/\s+/g, ' ').trim())
      .find(Boolean) ?? '';
  const leadsAway = (element: Element): boolean =>
    element.matches('a[href]') && !/^(?:#|javascript:|$)/i.test(element.getAttribute('href') ?? '');
  const isKnown = (element: Element): boolean =>
    element.closest(MARKED) !== null ||
    leadsAway(element) ||
    // A part of a control that is looked at by itself.
    !!element.parentElement?.closest('a,button,[role=button]') ||
    element.closest('form[method=dialog]') !== null;
  const found = new Map<Element, RawControl>();
  for (const offer of [...document.querySelectorAll('[data-offer-id]')].slice(0, most)) {
    const holder = offer.closest('dialog,[popover],[role=dialog],[role=alertdialog]') ?? offer;
    for (const element of [...holder.querySelectorAll(PRESSED)].slice(0, most)) {
      if (found.size >= most || isKnown(element)) continue;
      const name = nameOf(element);
      const inner = element.firstElementChild?.getAttribute('class') ?? '';
      const words = `${element.getAttribute('class')} ${element.id} ${inner}`;
      if (!(name ? REFUSING.test(name) : SAYS.test(words))) continue;
      const markup = element.outerHTML.slice(0, element.outerHTML.indexOf('>') + 1).slice(0, 200);
      found.set(element, { markup, name: name.slice(0, 60) });
    }
  }
  return [...found.values()];
};
