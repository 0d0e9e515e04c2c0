/** A carousel as many sites write it: the browser scrolls and snaps, and a script also lets a mouse drag. */
import { putCarousel, slides } from './slides.js';

putCarousel(`<style>#carousel { display: flex; overflow: auto hidden; scrollbar-width: none; width: 400px; scroll-snap-type: x mandatory; cursor: grab }
    #carousel > * { flex: 0 0 100%; scroll-snap-align: start }</style>
  <div id="carousel">${slides('')}</div><button class="next">›</button>`);
const carousel = document.querySelector('#carousel');

const goOn = () => carousel.scrollBy({ left: 400, behavior: 'smooth' });
document.querySelector('.next').onclick = goOn;

let from;
carousel.onpointerdown = ({ clientX, pointerId, pointerType }) => {
  if (pointerType !== 'mouse') return;
  from = { x: clientX, left: carousel.scrollLeft };
  carousel.setPointerCapture(pointerId);
  // With snapping, the carousel would snap while it is dragged.
  carousel.style.scrollSnapType = 'none';
};
carousel.onpointermove = ({ clientX }) => {
  if (from) carousel.scrollLeft = from.left + from.x - clientX;
};
carousel.onpointerup = ({ clientX }) => {
  if (!from) return;
  const { x, left } = from;
  from = undefined;
  const slide = Math.round((left + x - clientX) / 400);
  carousel.addEventListener(
    'scrollend',
    () => {
      carousel.style.scrollSnapType = '';
    },
    { once: true },
  );
  carousel.scrollTo({ left: slide * 400, behavior: 'smooth' });
};
