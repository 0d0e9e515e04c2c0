import 'uikit/dist/css/uikit.css';
import UIkit from 'uikit';
import { offer, put, widget } from './page.js';

widget('modal', () => {
  put(`<div id="modal" uk-modal><div class="uk-modal-dialog uk-modal-body">
    <button class="uk-modal-close-default" type="button" uk-close></button>${offer()}</div></div>`);
  UIkit.modal('#modal').show();
  return () => UIkit.modal('#modal').hide();
});
widget('modal that waits for an answer', () => {
  put(
    `<div id="static" uk-modal="esc-close: false; bg-close: false"><div class="uk-modal-dialog uk-modal-body">${offer()}</div></div>`,
  );
  UIkit.modal('#static').show();
});
widget('offcanvas', () => {
  put(`<div id="offcanvas" uk-offcanvas="overlay: true"><div class="uk-offcanvas-bar">
    <button class="uk-offcanvas-close" type="button" uk-close></button>${offer()}</div></div>`);
  UIkit.offcanvas('#offcanvas').show();
  return () => UIkit.offcanvas('#offcanvas').hide();
});
widget('alert', () => {
  put(
    `<div uk-alert data-offer-id="card" data-offer-dwell="300"><a href class="uk-alert-close" uk-close></a><p>Half price</p></div>`,
  );
  return () => UIkit.alert('[uk-alert]').close();
});
