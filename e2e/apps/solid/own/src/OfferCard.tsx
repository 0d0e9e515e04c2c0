import { createSignal, Show } from 'solid-js';

export const OfferCard = () => {
  const [isOpen, setOpen] = createSignal(true);
  return (
    <Show when={isOpen()}>
      <article class="card">
        <h2>Two months on us</h2>
        <button type="button">Switch to yearly</button>
        <button type="button" onClick={() => setOpen(false)}>
          No, thanks
        </button>
      </article>
    </Show>
  );
};
