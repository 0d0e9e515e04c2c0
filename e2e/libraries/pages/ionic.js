import '@ionic/core/css/core.css';
import { initialize } from '@ionic/core/components';
import { defineCustomElement as defineModal } from '@ionic/core/components/ion-modal.js';
import { defineCustomElement as defineToast } from '@ionic/core/components/ion-toast.js';
import { offer, widget } from './page.js';

initialize();
defineModal();
defineToast();
const show = (options) => async () => {
  const modal = document.createElement('ion-modal');
  const content = document.createElement('div');
  content.innerHTML = `<button aria-label="Close">×</button>${offer()}`;
  Object.assign(modal, { component: content, ...options });
  document.body.append(modal);
  content.querySelector('button').onclick = () => modal.dismiss();
  await modal.present();
  return () => modal.dismiss();
};
widget('modal', show({}));
widget('modal that waits for an answer', show({ backdropDismiss: false }));
