/** What the inspector says of pictures that did not load. */
import { beforeEach, expect, it } from 'vitest';
import { createPictures } from '../../src/tools/inspector/pictures.js';

let pictures: ReturnType<typeof createPictures>;
beforeEach(() => {
  pictures = createPictures();
});

/** An offer whose pictures are as the browser would have them once they failed, or decode all the same. */
const offerOf = (html: string, { canDecode = false, naturalWidth = 0, complete = true } = {}): Element => {
  document.body.innerHTML = html;
  for (const picture of document.querySelectorAll('img')) {
    const decode = (): Promise<void> => (canDecode ? Promise.resolve() : Promise.reject(new Error()));
    const checkVisibility = (): boolean => picture.style.display !== 'none';
    for (const [name, value] of Object.entries({ complete, naturalWidth, decode, checkVisibility }))
      Object.defineProperty(picture, name, { value, configurable: true });
  }
  return document.body.firstElementChild as Element;
};
/** What is said in the second look. */
const said = async (offer: Element): Promise<string> => {
  pictures(offer);
  await Promise.resolve();
  await Promise.resolve();
  return pictures(offer).join();
};

it.each([
  '<img src="https://shop.example/deal.png">',
  '<a href="/deal"><img src="https://shop.example/deal.png" alt=""></a>',
  '<div><img src="https://shop.example/deal.png"><button>Close</button></div>',
  '<p><picture><source><img src="https://shop.example/deal.png?user=jane#top"></picture></p>',
])('a picture that failed is named in an offer that shows little else: %s', async (html) => {
  expect(await said(offerOf(html))).toBe('Its picture did not load: https://shop.example/deal.png');
});

it('a picture in the address itself is named without its data', async () => {
  expect(await said(offerOf('<img src="data:image/png;base64,AAAA">'))).toBe(
    'Its picture did not load: data:',
  );
});

it.each([
  '<p>Two months <img src="https://shop.example/deal.png"></p>',
  '<p><img src="https://shop.example/count.gif" width="1" height="1"></p>',
  '<p><img src="https://shop.example/deal.png" style="display: none"></p>',
  '<img data-src="https://shop.example/later.png">',
  '<p></p>',
])(
  'nothing is said where words or nothing should be seen, or no picture is asked for yet: %s',
  async (html) => {
    expect(await said(offerOf(html))).toBe('');
  },
);

it.each([
  ['is under way', { complete: false }],
  ['has loaded', { naturalWidth: 300 }],
  ['has no size of its own', { canDecode: true }],
])('nothing is said of a picture that %s', async (_, state) => {
  expect(await said(offerOf('<img src="https://shop.example/deal.svg">', state))).toBe('');
});

it('nothing is said of a picture any more that got another address', async () => {
  const offer = offerOf('<img src="https://shop.example/deal.png">');
  expect(await said(offer)).not.toBe('');
  offer.setAttribute('src', 'https://shop.example/other.png');
  expect(pictures(offer)).toEqual([]);
});
