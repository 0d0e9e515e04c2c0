/** What the pages in React have in common. */
import { useState } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { put, widget } from './page.js';

export const Card = () => (
  <article
    data-offer-id="card"
    data-offer-dwell="300"
    style={{ width: 240, height: 120, background: 'gold' }}
  >
    <p>Half price</p>
    <a href="#terms">Terms</a>
  </article>
);

/** A widget whose properties say whether it is open, and which asks to be closed. */
export const reactWidget = (name, Widget) =>
  widget(name, () => {
    put('<div class="react-root"></div>');
    let hide;
    const Page = () => {
      const [isOpen, setOpen] = useState(true);
      hide = () => setOpen(false);
      return <Widget isOpen={isOpen} close={hide} />;
    };
    const roots = document.querySelectorAll('.react-root');
    flushSync(() => createRoot(roots[roots.length - 1]).render(<Page />));
    return () => hide();
  });
