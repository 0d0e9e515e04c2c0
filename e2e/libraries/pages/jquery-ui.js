import 'jquery-ui/dist/themes/base/jquery-ui.css';
import $ from './jquery.js';
import { offer, put, widget } from './page.js';
import 'jquery-ui/dist/jquery-ui.js';

const show = (modal) => () => {
  put(`<div id="dialog" title="An offer">${offer()}</div>`);
  $('#dialog').dialog({ modal });
  return () => $('#dialog').dialog('close');
};
widget('dialog', show(false));
widget('modal dialog', show(true));
