import MicroModal from 'micromodal';
import { offer, put, widget } from './page.js';

put(`<style>
  .modal { display: none }
  .modal.is-open { display: block }
  .modal__overlay { position: fixed; inset: 0; background: #0006; display: flex; justify-content: center; align-items: center }
  .modal__container { background: white; padding: 30px }
</style>`);
widget('modal', () => {
  put(`<div class="modal" id="modal" aria-hidden="true"><div class="modal__overlay" tabindex="-1" data-micromodal-close>
    <div class="modal__container" role="dialog" aria-modal="true">
      <button class="modal__close" aria-label="Close modal" data-micromodal-close>✕</button>${offer()}</div></div></div>`);
  MicroModal.show('modal');
  return () => MicroModal.close('modal');
});
