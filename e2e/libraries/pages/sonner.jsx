import { createRoot } from 'react-dom/client';
import { Toaster, toast } from 'sonner';
import { put, widget } from './page.js';
import { Card } from './react.jsx';

put('<div id="toaster"></div>');
createRoot(document.querySelector('#toaster')).render(<Toaster closeButton />);
widget('toast', () => {
  toast(<Card />, { duration: 2500 });
  return () => toast.dismiss();
});
