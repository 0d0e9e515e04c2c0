/** Whether the picture that an offer is made of is drawn. Source: MRC guidelines, "post ad render". */

/** What says something by itself, however its pictures load: text of more than a cross, or what is no picture. */
const TEXT = /\S\s*\S/;
const OTHERS = 'video,canvas,iframe,object,embed';

/** Pixels that count visits are no pictures, and are often blocked; CSS px². */
const PIXEL = 9;

const areaOf = (element: Element): number => {
  const { width, height } = element.getBoundingClientRect();
  return width * height;
};

/** Whether the largest picture of an offer that shows nothing else has loaded. Of every other offer it is true. */
export const isPainted = (offer: Element): boolean => {
  const pictures = offer.localName === 'img' ? [offer] : [...offer.querySelectorAll('img')];
  const [largest] = (pictures as HTMLImageElement[])
    .filter((each) => {
      const area = areaOf(each);
      return each.getClientRects().length && (!area || area > PIXEL);
    })
    .sort((one, other) => areaOf(other) - areaOf(one));
  if (!largest || offer.querySelector(OTHERS)) return true;
  // In some engines drawings have no size of their own, like a picture that failed.
  if (largest.complete && (largest.naturalWidth > 0 || /svg/.test(largest.currentSrc))) return true;
  // Drawings have no such text.
  // biome-ignore lint/performance/useDomNodeTextContent: only what is drawn counts; scripts that load pictures late keep each in a `noscript` as well.
  return TEXT.test((offer as Partial<HTMLElement>).innerText ?? offer.textContent);
};
