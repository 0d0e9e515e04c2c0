import { createRoot } from 'react-dom/client';
import { Toaster, toast } from 'sonner';
import { put, widget } from './page.js';
import { Card } from './react.jsx';

put('<div id="toaster"></div>');
createRoot(document.querySelector('#toaster')).render(<Toaster closeButton />);
const show = (duration) => () => {
  toast(<Card />, { duration });
  return () => toast.dismiss();
};
widget('toast', show(2500));
widget('toast that stays', show(Number.POSITIVE_INFINITY));
