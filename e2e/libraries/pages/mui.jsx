import Alert from '@mui/material/Alert';
import Collapse from '@mui/material/Collapse';
import Dialog from '@mui/material/Dialog';
import DialogContent from '@mui/material/DialogContent';
import Drawer from '@mui/material/Drawer';
import Popover from '@mui/material/Popover';
import Snackbar from '@mui/material/Snackbar';
import { Card, reactWidget } from './react.jsx';

reactWidget('dialog', ({ isOpen, close }) => (
  <Dialog open={isOpen} onClose={close}>
    <DialogContent>
      <Card />
      <button type="button" aria-label="close" onClick={close}>
        ×
      </button>
    </DialogContent>
  </Dialog>
));
reactWidget('dialog that waits for an answer', ({ isOpen }) => (
  <Dialog open={isOpen} onClose={() => undefined}>
    <DialogContent>
      <Card />
    </DialogContent>
  </Dialog>
));
reactWidget('drawer', ({ isOpen, close }) => (
  <Drawer open={isOpen} onClose={close} anchor="right">
    <Card />
    <button type="button" aria-label="close" onClick={close}>
      ×
    </button>
  </Drawer>
));
reactWidget('popover', ({ isOpen, close }) => (
  <Popover
    open={isOpen}
    onClose={close}
    anchorReference="anchorPosition"
    anchorPosition={{ top: 200, left: 400 }}
  >
    <Card />
  </Popover>
));
reactWidget('alert', ({ isOpen, close }) =>
  isOpen ? (
    <Alert onClose={close} data-offer-id="card" data-offer-dwell="300">
      Half price
    </Alert>
  ) : null,
);
reactWidget('snackbar', ({ isOpen, close }) => (
  <Snackbar open={isOpen} autoHideDuration={2500} onClose={(_, reason) => reason === 'timeout' && close()}>
    <div>
      <Alert onClose={close} data-offer-id="card" data-offer-dwell="300">
        Half price
      </Alert>
    </div>
  </Snackbar>
));
reactWidget('alert in a box that collapses', ({ isOpen, close }) => (
  <Collapse in={isOpen}>
    <Alert onClose={close} data-offer-id="card" data-offer-dwell="300">
      Half price
    </Alert>
  </Collapse>
));
reactWidget('drawer that stays mounted', ({ isOpen, close }) => (
  <Drawer open={isOpen} onClose={close} anchor="right" keepMounted>
    <Card />
    <button type="button" aria-label="close" onClick={close}>
      ×
    </button>
  </Drawer>
));
