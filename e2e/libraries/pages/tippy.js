import tippy from 'tippy.js';
import 'tippy.js/dist/tippy.css';
import { offer, put, widget } from './page.js';

widget('popover', () => {
  put('<p id="anchor" style="margin: 300px 0 0 400px">Anchor</p>');
  const shown = tippy('#anchor', {
    content: offer(),
    allowHTML: true,
    interactive: true,
    trigger: 'click',
    role: 'dialog',
    appendTo: document.body,
  })[0];
  shown.show();
  return () => shown.hide();
});
widget('tooltip', () => {
  put('<p id="anchor" style="margin: 300px 0 0 400px">Anchor</p>');
  const [shown] = tippy('#anchor', { content: offer(), allowHTML: true, trigger: 'click' });
  shown.show();
});
