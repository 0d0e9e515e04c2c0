/** The offers of a page: below the fold until they are shown, each group by one change of its class. */

/** Tiles so small that a thousand of them fit into the viewport, near enough to be known before they are seen. */
export const STYLE = `
  body { margin: 0; height: 3000px; font: 12px sans-serif }
  .group { position: absolute; top: 110vh; left: 0; width: 1200px; display: flex; flex-wrap: wrap }
  .group.shown { top: 0 }
  .offer { width: 12px; height: 12px; background: teal }`;

/** One group of offers that count as soon as they are seen. */
export const groupOf = (offerIds: readonly string[]): string =>
  `<div class="group">${offerIds
    .map((id) => `<div class="offer" data-offer-id="${id}" data-offer-dwell="0"></div>`)
    .join('')}</div>`;

/** The same as an element. */
export const elementsOf = (offerIds: readonly string[]): HTMLElement => {
  const template = document.createElement('template');
  template.innerHTML = groupOf(offerIds);
  return template.content.firstElementChild as HTMLElement;
};
