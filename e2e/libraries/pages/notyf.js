import { Notyf } from 'notyf';
import 'notyf/notyf.min.css';
import { offer, widget } from './page.js';

const show = (options) => () => {
  const notyf = new Notyf({
    duration: 2500,
    dismissible: true,
    position: { x: 'right', y: 'top' },
    ...options,
  });
  notyf.open({ type: 'success', message: offer() });
  return () => notyf.dismissAll();
};
widget('toast', show({}));
