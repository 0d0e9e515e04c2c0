/** The shop's pictures: a few strokes each, in the colours of the page. */

const FRAME = 'viewBox="0 0 120 60" role="presentation" focusable="false"';

const SHAPES: Readonly<Record<string, string>> = {
  // A seedling, two people, an easel, a mountain, a box, a lamp.
  Starter:
    '<path d="M60 52V30M60 34C60 22 48 18 40 20c0 10 8 16 20 14M60 30c0-10 10-16 20-14 0 10-8 16-20 14"/>',
  Team: '<circle cx="46" cy="22" r="8"/><circle cx="74" cy="22" r="8"/><path d="M32 50c0-20 28-20 28 0M60 50c0-20 28-20 28 0"/>',
  Studio: '<path d="M40 12h40v26H40zM50 38l-8 16M70 38l8 16M60 38v10M46 32l10-10 8 7 6-5 6 8"/>',
  Scale: '<path d="M24 52l24-36 14 20 8-10 26 26zM40 28l8 4 8-4"/>',
  Archive: '<path d="M36 24h48v28H36zM32 14h56v10H32zM52 34h16"/>',
  Support: '<path d="M60 10v6M40 36c0-26 40-26 40 0zM60 36v14M46 52h28M36 16l5 4M84 16l-5 4"/>',
};

/** A product's picture, as markup. */
export const pictureOf = (product: string): string =>
  `<svg class="picture" ${FRAME}>${SHAPES[product] ?? ''}</svg>`;
