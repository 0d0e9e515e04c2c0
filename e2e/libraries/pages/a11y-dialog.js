import A11yDialog from 'a11y-dialog';
import { offer, put, widget } from './page.js';

put(`<style>
  .dialog-container, .dialog-overlay { position: fixed; inset: 0 }
  .dialog-container { display: flex }
  .dialog-container[aria-hidden=true] { display: none }
  .dialog-overlay { background: #0006 }
  .dialog-content { margin: auto; position: relative; background: white; padding: 30px }
</style>`);
widget('dialog', () => {
  put(`<div id="dialog" class="dialog-container" aria-labelledby="title" aria-hidden="true">
    <div class="dialog-overlay" data-a11y-dialog-hide></div>
    <div class="dialog-content" role="document"><h1 id="title">An offer</h1>${offer()}
      <button type="button" data-a11y-dialog-hide aria-label="Close dialog">&times;</button></div></div>`);
  const dialog = new A11yDialog(document.querySelector('#dialog'));
  dialog.show();
  return () => dialog.hide();
});
