import gsap from 'gsap';
import { offer, put, widget } from './page.js';

const X = '<button aria-label="Close">×</button>';

const show = (style, leave) => () => {
  put(`<div class="box" style="overflow: hidden; background: white; ${style}">${offer()}${X}</div>`);
  const box = document.querySelector('.box');
  box.querySelector('button').onclick = () => leave(box);
  return () => box.remove();
};

widget(
  'bar that folds',
  show('', (box) => gsap.to(box, { height: 0, duration: 0.4 })),
);
widget(
  'bar that slides out',
  show('position: fixed; bottom: 0', (box) => gsap.to(box, { yPercent: 110, duration: 0.4 })),
);
