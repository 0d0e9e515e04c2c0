/** What a user does that may close an offer: presses, Escape and drags. */

/** A pointer that moves farther, CSS px, drags. */
const DRAG_PX = 30;

/**
 * Listens for it.
 * @param onAct Hears of a click, a press of Escape, or the `pointerup` that ends a drag. The page does not hear what it throws.
 */
export const listenToActs = (
  onAct: (event: KeyboardEvent | MouseEvent) => void,
  signal: AbortSignal,
): void => {
  /** Whether the pointer was dragged. The click that follows does not press anything. */
  let isDragged = false;
  let from: Pick<PointerEvent, 'clientX' | 'clientY'> | undefined;

  const hear = (event: KeyboardEvent | MouseEvent): void => {
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
    const { type, clientX, clientY, isPrimary } = event;
    if (!isPrimary) return;
    const isFar = from && Math.hypot(clientX - from.clientX, clientY - from.clientY) > DRAG_PX;
    from = type === 'pointerdown' ? { clientX, clientY } : undefined;
    isDragged = !!isFar && type === 'pointerup';
    if (isDragged) hear(event);
  };
  for (const type of ['click', 'keydown'] as const)
    window.addEventListener(type, hear, { capture: true, signal });
  for (const type of ['pointerdown', 'pointerup'] as const)
    window.addEventListener(type, hearPointer, { capture: true, signal });
};
