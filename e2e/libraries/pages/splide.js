import Splide from '@splidejs/splide';
import '@splidejs/splide/css';
import { putCarousel, slides } from './slides.js';

putCarousel(
  `<section id="carousel" class="splide" style="width: 400px"><div class="splide__track"><div class="splide__list">${slides('splide__slide')}</div></div></section>`,
);
new Splide('.splide', { type: 'loop', fixedHeight: 150, flickPower: 100 }).mount();
