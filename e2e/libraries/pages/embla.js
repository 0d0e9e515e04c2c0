import EmblaCarousel from 'embla-carousel';
import { putCarousel, slides } from './slides.js';

putCarousel(`<style>.embla { overflow: hidden; width: 400px } .embla__container { display: flex } .embla__slide { flex: 0 0 100% }</style>
  <div id="carousel" class="embla"><div class="embla__container">${slides('embla__slide')}</div></div><button class="next">›</button>`);
const embla = EmblaCarousel(document.querySelector('.embla'));
document.querySelector('.next').onclick = () => embla.scrollNext();
