import Toastify from 'toastify-js';
import 'toastify-js/src/toastify.css';
import { widget } from './page.js';

widget('toast', () => {
  const toast = Toastify({
    text: 'Half price',
    close: true,
    duration: 2500,
    style: { width: '300px', height: '90px' },
  });
  toast.showToast();
  toast.toastElement.dataset.offerId = 'card';
  toast.toastElement.dataset.offerDwell = '300';
});
