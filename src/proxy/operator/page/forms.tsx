/** What an operator changes: forms of one button. */
import type { VNode } from 'preact';
import type { LaneName } from '../listing.js';
import { FormToken } from './layout.js';
import type { Session } from './session.js';

/** What a form of one button does. */
export interface ActionProps {
  readonly to: 'retry' | 'purge';
  readonly label: string;
  /** What a screen reader says instead; it begins with the label. */
  readonly name?: string;
  readonly lane: LaneName;
  readonly session: Session;
  /** What is sent beside. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Whether nothing brings back what it does. */
  readonly isDangerous?: boolean;
}

/** A form of one button. */
export const Action = ({
  to,
  label,
  name,
  lane,
  session,
  fields = {},
  isDangerous = false,
}: ActionProps): VNode => (
  <form method="post" action={to}>
    <FormToken session={session} />
    {Object.entries({ lane, ...fields }).map(([field, value]) => (
      <input key={field} type="hidden" name={field} value={value} />
    ))}
    <button
      type="submit"
      {...(isDangerous && { class: 'danger' })}
      {...(name !== undefined && { 'aria-label': name })}
    >
      {label}
    </button>
  </form>
);

/** What can be done about one dead letter. */
export const DeadLetterActions = ({
  id,
  words,
  isGivenUp,
  lane,
  session,
}: {
  readonly id: string;
  /** What it is, for a screen reader. */
  readonly words: string;
  readonly isGivenUp: boolean;
  readonly lane: LaneName;
  readonly session: Session;
}): VNode => (
  <div class="actions">
    <Action to="retry" label="Retry" name={`Retry ${words}`} lane={lane} session={session} fields={{ id }} />
    {!isGivenUp && (
      <Action
        to="purge"
        label="Give up"
        name={`Give up ${words}`}
        lane={lane}
        session={session}
        fields={{ id, what: 'dead' }}
      />
    )}
  </div>
);
