import { CloseButton, Dialog, DialogBackdrop, DialogPanel } from '@headlessui/react';
import { Card, reactWidget } from './react.jsx';

reactWidget('dialog', ({ isOpen, close }) => (
  <Dialog open={isOpen} onClose={close}>
    <DialogBackdrop style={{ position: 'fixed', inset: 0, background: '#0006' }} />
    <div
      style={{ position: 'fixed', inset: 0, display: 'flex', alignItems: 'center', justifyContent: 'center' }}
    >
      <DialogPanel style={{ background: 'white', padding: 30 }}>
        <Card />
        <CloseButton aria-label="Close">×</CloseButton>
      </DialogPanel>
    </div>
  </Dialog>
));
reactWidget('dialog that waits for an answer', ({ isOpen }) => (
  <Dialog open={isOpen} onClose={() => undefined}>
    <DialogPanel style={{ position: 'fixed', top: 200, left: 400, background: 'white', padding: 30 }}>
      <Card />
      <button type="button">Tell me more</button>
    </DialogPanel>
  </Dialog>
));
