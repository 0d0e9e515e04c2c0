/** A button of the panel. It also works if listeners of the page stop every press. */
import type { ComponentChildren, JSX } from 'preact';

/** What it does, and what it shows. */
export interface ButtonProps {
  readonly onPress: () => void;
  readonly children: ComponentChildren;
  /** What it is called if its text does not say that. */
  readonly label?: string;
  /** Whether what it opens is open. */
  readonly isExpanded?: boolean;
}

/**
 * A page may listen to clicks ahead of everything, and stop them. What the browser does by itself upon a press
 * goes on: it submits the form, and the event of that does not leave the shadow tree. A click that is heard submits nothing.
 */
export const Button = ({ onPress, children, label, isExpanded }: ButtonProps): JSX.Element => {
  const act = (event: Event): void => {
    event.preventDefault();
    onPress();
  };
  return (
    <form onSubmit={act}>
      <button type="submit" onClick={act} aria-label={label} aria-expanded={isExpanded}>
        {children}
      </button>
    </form>
  );
};
