import Modal from 'react-modal';
import { put } from './page.js';
import { Card, reactWidget } from './react.jsx';

put('<div id="app"></div>');
Modal.setAppElement('#app');
const show =
  (more = {}) =>
  ({ isOpen, close }) => (
    <Modal isOpen={isOpen} onRequestClose={close} contentLabel="An offer" {...more}>
      <Card />
      <button type="button" aria-label="Close" onClick={close}>
        ×
      </button>
    </Modal>
  );
reactWidget('modal', show());
reactWidget(
  'modal that waits for an answer',
  show({ shouldCloseOnOverlayClick: false, shouldCloseOnEsc: false }),
);
