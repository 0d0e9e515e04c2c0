import '@shoelace-style/shoelace/dist/components/alert/alert.js';
import '@shoelace-style/shoelace/dist/components/dialog/dialog.js';
import '@shoelace-style/shoelace/dist/components/drawer/drawer.js';
import '@shoelace-style/shoelace/dist/themes/light.css';
import { offer, put, widget } from './page.js';

const show = (name, prevents) => () => {
  put(`<${name} label="An offer">${offer()}</${name}>`);
  const element = document.querySelector(name);
  if (prevents) element.addEventListener('sl-request-close', (event) => event.preventDefault());
  // A custom element is drawn some time after it was added.
  void element.updateComplete.then(() => element.show());
  return () => element.hide();
};
widget('dialog', show('sl-dialog'));
widget('dialog that waits for an answer', show('sl-dialog', true));
widget('drawer', show('sl-drawer'));
widget('alert', () => {
  put(`<sl-alert closable open data-offer-id="card" data-offer-dwell="300">Half price</sl-alert>`);
  return () => document.querySelector('sl-alert').hide();
});
