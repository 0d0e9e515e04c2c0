import * as Dialog from '@radix-ui/react-dialog';
import { Card, reactWidget } from './react.jsx';

const show =
  (modal, content = {}) =>
  ({ isOpen, close }) => (
    <Dialog.Root open={isOpen} onOpenChange={close} modal={modal}>
      <Dialog.Portal>
        <Dialog.Overlay style={{ position: 'fixed', inset: 0, background: '#0006' }} />
        <Dialog.Content
          style={{ position: 'fixed', top: 200, left: 400, background: 'white', padding: 30 }}
          aria-describedby={undefined}
          {...content}
        >
          <Dialog.Title>An offer</Dialog.Title>
          <Card />
          <Dialog.Close aria-label="Close">×</Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
const refuse = (event) => event.preventDefault();

reactWidget('modal dialog', show(true));
reactWidget('dialog', show(false));
reactWidget(
  'dialog that waits for an answer',
  show(true, { onEscapeKeyDown: refuse, onPointerDownOutside: refuse, onInteractOutside: refuse }),
);
