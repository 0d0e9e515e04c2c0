/** What a user does that may close an offer: presses, Escape and drags, and what may follow the way into a frame. */

/** A pointer that moves farther, CSS px, drags. */
const DRAG_PX = 30;

/** Who hears of it. The page does not hear what they throw. */
export interface Acts {
  /** A click, a press of Escape, or the `pointerup` that ends a drag. */
  onAct(event: KeyboardEvent | MouseEvent): void;
  /** The focus went into a frame. */
  onFrame(frame: Element): void;
  /** Any press or key reached the page’s window. */
  onHeard(): void;
}

/** Listens for it. */
export const listenToActs = ({ onAct, onFrame, onHeard }: Acts, signal: AbortSignal): void => {
  /** Whether the pointer was dragged. The click that follows does not press anything. */
  let isDragged = false;
  let from: Pick<PointerEvent, 'clientX' | 'clientY'> | undefined;

  const hear = (event: KeyboardEvent | MouseEvent): void => {
    onHeard();
    // A press of a key has no detail.
    if (event.type === 'click' && isDragged && event.detail) return;
    // The page's own scripts may act as well as a user.
    if (!event.isTrusted || ('key' in event && (event.key !== 'Escape' || event.isComposing))) return;
    try {
      onAct(event);
    } catch {
      // Fields of a form may hide any of its properties. The page has to work all the same.
    }
  };
  const hearPointer = (event: PointerEvent): void => {
    onHeard();
    const { type, clientX, clientY, isPrimary } = event;
    if (!isPrimary) return;
    const isFar = from && Math.hypot(clientX - from.clientX, clientY - from.clientY) > DRAG_PX;
    from = type === 'pointerdown' ? { clientX, clientY } : undefined;
    isDragged = !!isFar && type === 'pointerup';
    if (isDragged) hear(event);
  };
  const hearBlur = ({ isTrusted }: Event): void => {
    const { activeElement } = document;
    if (!isTrusted || activeElement?.localName !== 'iframe') return;
    try {
      onFrame(activeElement);
    } catch {
      // As above.
    }
  };
  window.addEventListener('blur', hearBlur, { signal });
  for (const type of ['click', 'keydown'] as const)
    window.addEventListener(type, hear, { capture: true, signal });
  for (const type of ['pointerdown', 'pointerup'] as const)
    window.addEventListener(type, hearPointer, { capture: true, signal });
};
