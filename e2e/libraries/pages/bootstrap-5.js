import 'bootstrap/dist/css/bootstrap.css';
import { Alert, Collapse, Modal, Offcanvas, Toast } from 'bootstrap';
import { offer, put, widget } from './page.js';

const modal = (id, options = '') =>
  put(`<div class="modal fade" id="${id}" tabindex="-1" ${options}>
    <div class="modal-dialog"><div class="modal-content">
      <div class="modal-header"><button type="button" class="btn-close" data-bs-dismiss="modal" aria-label="Close"></button></div>
      <div class="modal-body">${offer()}</div>
      <div class="modal-footer"><button type="button" class="btn" data-bs-dismiss="modal">Not now</button></div>
    </div></div></div>`);

widget('modal', () => {
  modal('modal');
  const shown = Modal.getOrCreateInstance('#modal');
  shown.show();
  return () => shown.hide();
});

widget('static modal', () => {
  modal('static', 'data-bs-backdrop="static" data-bs-keyboard="false"');
  Modal.getOrCreateInstance('#static').show();
});

widget('offcanvas', () => {
  put(`<div class="offcanvas offcanvas-end" tabindex="-1" id="offcanvas">
    <div class="offcanvas-header"><button type="button" class="btn-close" data-bs-dismiss="offcanvas" aria-label="Close"></button></div>
    <div class="offcanvas-body">${offer()}</div></div>`);
  const shown = Offcanvas.getOrCreateInstance('#offcanvas');
  shown.show();
  return () => shown.hide();
});

widget('toast', () => {
  put(`<div class="toast-container position-fixed bottom-0 end-0">
    <div class="toast" role="alert" data-offer-id="card" data-offer-dwell="300" data-bs-delay="2500">
      <div class="toast-header"><button type="button" class="btn-close" data-bs-dismiss="toast" aria-label="Close"></button></div>
      <div class="toast-body">Half price</div></div></div>`);
  Toast.getOrCreateInstance('.toast').show();
});

widget('alert', () => {
  put(`<div class="alert alert-info alert-dismissible fade show" role="alert" data-offer-id="card" data-offer-dwell="300">
    Half price <a href="#terms">Terms</a><button type="button" class="btn-close" data-bs-dismiss="alert" aria-label="Close"></button></div>`);
  const shown = Alert.getOrCreateInstance('.alert');
  return () => shown.close();
});

widget('bar that collapses', () => {
  put(`<div class="collapse show" id="bar"><div style="padding: 20px; background: white">${offer()}
    <button type="button" class="btn-close" aria-label="Close"></button></div></div>`);
  const shown = new Collapse('#bar', { toggle: false });
  document.querySelector('#bar button').onclick = () => shown.hide();
  return () => shown.hide();
});
