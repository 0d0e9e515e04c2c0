import Swal from 'sweetalert2';
import { offer, widget } from './page.js';
import 'sweetalert2/dist/sweetalert2.css';

const options = {
  html: offer(),
  showCloseButton: true,
  showCancelButton: true,
  confirmButtonText: 'Tell me more',
};

widget('popup', () => {
  void Swal.fire(options);
  return () => Swal.close();
});
widget('popup that waits for an answer', () => {
  void Swal.fire({ ...options, allowOutsideClick: false, allowEscapeKey: false });
});
widget('toast', () => {
  void Swal.fire({ ...options, toast: true, position: 'top-end', showCancelButton: false, timer: 2500 });
});
