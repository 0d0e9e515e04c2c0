import 'bootstrap-3/dist/css/bootstrap.css';
import $ from './jquery.js';
import { offer, put, widget } from './page.js';
import 'bootstrap-3/dist/js/bootstrap.js';

widget('modal', () => {
  put(`<div class="modal fade" id="modal" tabindex="-1" role="dialog">
    <div class="modal-dialog" role="document"><div class="modal-content">
      <div class="modal-header"><button type="button" class="close" data-dismiss="modal" aria-label="Close"><span aria-hidden="true">&times;</span></button></div>
      <div class="modal-body">${offer()}</div>
    </div></div></div>`);
  $('#modal').modal();
  return () => $('#modal').modal('hide');
});

widget('static modal', () => {
  put(`<div class="modal fade" id="static" tabindex="-1" role="dialog">
    <div class="modal-dialog" role="document"><div class="modal-content"><div class="modal-body">${offer()}</div></div></div></div>`);
  $('#static').modal({ backdrop: 'static', keyboard: false });
});

widget('alert', () => {
  put(`<div class="alert alert-info alert-dismissible fade in show" role="alert" data-offer-id="card" data-offer-dwell="300">
    Half price <a href="#terms">Terms</a><button type="button" class="close" data-dismiss="alert" aria-label="Close"><span aria-hidden="true">&times;</span></button></div>`);
  return () => $('.alert').alert('close');
});
