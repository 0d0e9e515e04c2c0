/** Three slides, each an offer as wide as its carousel. */
export const slides = (classes) =>
  ['one', 'two', 'three']
    .map(
      (id) =>
        `<div class="${classes}" data-offer-id="${id}" data-offer-dwell="300" style="height: 150px">${id} <a href="#terms">Terms</a></div>`,
    )
    .join('');

/** Puts a carousel into the dialog of the page, or into a page without one. */
export const putCarousel = (html) =>
  (document.querySelector('[role=dialog]') ?? document.body).insertAdjacentHTML('beforeend', html);
