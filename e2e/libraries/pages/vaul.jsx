import { Drawer } from 'vaul';
import { Card, reactWidget } from './react.jsx';

const show =
  (dismissible) =>
  ({ isOpen, close }) => (
    <Drawer.Root open={isOpen} onOpenChange={(next) => next || close()} dismissible={dismissible}>
      <Drawer.Portal>
        <Drawer.Overlay style={{ position: 'fixed', inset: 0, background: '#0006' }} />
        <Drawer.Content
          style={{ position: 'fixed', bottom: 0, left: 0, right: 0, height: 300, background: 'white' }}
          aria-describedby={undefined}
        >
          <Drawer.Title>An offer</Drawer.Title>
          <Card />
          <Drawer.Close aria-label="Close">×</Drawer.Close>
        </Drawer.Content>
      </Drawer.Portal>
    </Drawer.Root>
  );
reactWidget('drawer', show(true));
reactWidget('drawer that waits for an answer', show(false));
