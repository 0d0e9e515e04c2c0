import Glide from '@glidejs/glide';
import '@glidejs/glide/dist/css/glide.core.css';
import { putCarousel, slides } from './slides.js';

putCarousel(`<div id="carousel" class="glide" style="width: 400px"><div class="glide__track" data-glide-el="track"><div class="glide__slides">${slides('glide__slide')}</div></div>
  <div data-glide-el="controls"><button data-glide-dir="<">‹</button><button data-glide-dir=">">›</button></div></div>`);
new Glide('.glide', { type: 'carousel' }).mount();
