import '@material/web/button/text-button.js';
import '@material/web/dialog/dialog.js';
import { offer, put, widget } from './page.js';

widget('dialog', () => {
  put(`<md-dialog><div slot="headline">An offer</div><form slot="content" id="form" method="dialog">${offer()}</form>
    <div slot="actions"><md-text-button form="form" value="cancel">Not now</md-text-button><md-text-button form="form" value="ok">Tell me more</md-text-button></div></md-dialog>`);
  const dialog = document.querySelector('md-dialog');
  void dialog.updateComplete.then(() => dialog.show());
  return () => dialog.close();
});
