import { Fancybox } from '@fancyapps/ui/dist/fancybox/';
import '@fancyapps/ui/dist/fancybox/fancybox.css';
import { offer, widget } from './page.js';

widget('box', () => {
  Fancybox.show([{ html: offer(), type: 'html' }]);
  return () => Fancybox.close();
});
