import '@awesome.me/webawesome/dist/components/dialog/dialog.js';
import '@awesome.me/webawesome/dist/components/drawer/drawer.js';
import '@awesome.me/webawesome/dist/styles/webawesome.css';
import { offer, put, widget } from './page.js';

const show =
  (name, options = '') =>
  () => {
    put(`<${name} label="An offer" ${options}>${offer()}</${name}>`);
    const element = document.querySelector(name);
    void element.updateComplete.then(() => {
      element.open = true;
    });
    return () => {
      element.open = false;
    };
  };
widget('dialog', show('wa-dialog'));
widget('light dialog', show('wa-dialog', 'light-dismiss'));
widget('drawer', show('wa-drawer', 'light-dismiss'));
