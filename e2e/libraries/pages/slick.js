import $ from './jquery.js';
import 'slick-carousel/slick/slick.css';
import { putCarousel, slides } from './slides.js';
import 'slick-carousel';

putCarousel(`<div id="carousel" class="carousel" style="width: 400px">${slides('')}</div>`);
$('.carousel').slick();
