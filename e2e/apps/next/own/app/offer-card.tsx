'use client';

import { useState } from 'react';

export const OfferCard = () => {
  const [isOpen, setOpen] = useState(true);
  if (!isOpen) return null;
  return (
    <article className="card">
      <h2>Two months on us</h2>
      <button type="button">Switch to yearly</button>
      <button type="button" onClick={() => setOpen(false)}>
        No, thanks
      </button>
    </article>
  );
};
