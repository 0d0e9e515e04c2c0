import $ from './jquery.js';
import 'slick-carousel/slick/slick.css';
import { put } from './page.js';
import { slides } from './slides.js';
import 'slick-carousel';

put(`<div id="carousel" class="carousel" style="width: 400px">${slides('')}</div>`);
$('.carousel').slick();
