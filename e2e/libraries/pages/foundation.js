import 'foundation-sites/dist/css/foundation.css';
import $ from './jquery.js';
import { offer, put, widget } from './page.js';
import 'foundation-sites/dist/js/foundation.js';

const reveal = (options) => () => {
  put(`<div class="reveal" id="reveal" data-reveal ${options}>${offer()}
    <button class="close-button" data-close aria-label="Close modal" type="button"><span aria-hidden="true">&times;</span></button></div>`);
  $('#reveal').foundation();
  $('#reveal').foundation('open');
  return () => $('#reveal').foundation('close');
};
widget('reveal', reveal(''));
widget('reveal that waits for an answer', reveal('data-close-on-click="false" data-close-on-esc="false"'));
widget('callout', () => {
  put(`<div class="callout" data-closable data-offer-id="card" data-offer-dwell="300"><p>Half price</p>
    <button class="close-button" aria-label="Dismiss alert" type="button" data-close><span aria-hidden="true">&times;</span></button></div>`);
  $(document).foundation();
  return () => $('.callout').hide();
});
