import Swiper from 'swiper/bundle';
import 'swiper/css/bundle';
import { putCarousel, slides } from './slides.js';

putCarousel(`<div id="carousel" class="swiper" style="width: 400px; height: 200px"><div class="swiper-wrapper">${slides('swiper-slide')}</div>
  <div class="swiper-button-prev"></div><div class="swiper-button-next"></div><div class="swiper-pagination"></div></div>`);
new Swiper('.swiper', {
  navigation: { nextEl: '.swiper-button-next', prevEl: '.swiper-button-prev' },
  pagination: { el: '.swiper-pagination', clickable: true },
  keyboard: true,
});
