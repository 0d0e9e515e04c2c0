/** Pictures that did not load, in offers that show little else. */
import { isShown } from '../../client/detect/exposure.js';

/** Pixels of statistics are not shown to anybody, and blockers often drop them. */
const isPixel = (picture: HTMLImageElement): boolean =>
  /^[0-2]$/.test(picture.getAttribute('width') ?? '') || /^[12]$/.test(`${picture.width}`);

/** The pictures of an offer, unless words are a part of it: names of controls do not count. */
const picturesOf = (element: Element): Iterable<Element> => {
  if (element.localName === 'img') return [element];
  let { length } = element.textContent.trim();
  for (const control of element.querySelectorAll('button,a')) length -= control.textContent.trim().length;
  return length > 0 ? [] : element.querySelectorAll('img');
};

/** The address without what may be about a user. */
const addressOf = (source: string): string => source.replace(/(?<=^data:).*|[?#].*/s, '').slice(0, 200);

/** Makes what says that the picture of an offer did not load. It is known from the second look on. */
export const createPictures = () => {
  const failed = new WeakMap<Element, string>();

  /** Drawings may have no size of their own, as a picture that failed: only decoding tells them apart. */
  const failedOf = (picture: HTMLImageElement): string | undefined => {
    const source = picture.currentSrc || picture.src;
    if (!source || !picture.complete || picture.naturalWidth) return undefined;
    if (failed.get(picture) !== source)
      picture.decode().then(
        () => failed.delete(picture),
        () => failed.set(picture, source),
      );
    return failed.get(picture) === source ? source : undefined;
  };

  return (element: Element): string[] => {
    for (const picture of picturesOf(element) as Iterable<HTMLImageElement>) {
      const source = isShown(picture) && !isPixel(picture) && failedOf(picture);
      if (source) return [`Its picture did not load: ${addressOf(source)}`];
    }
    return [];
  };
};
