/** Asks whether a purge is meant, once it is known what it concerns. */
import type { VNode } from 'preact';
import type { LaneName } from '../listing.js';
import type { Purgeable, PurgeCount } from '../purging.js';
import { Action } from './forms.js';
import { Layout } from './layout.js';
import type { Session } from './session.js';
import { plural } from './words.js';

/** What was asked for, and what it concerns. */
export interface PurgePageProps {
  readonly count: PurgeCount;
  readonly session: Session;
  readonly lane: LaneName;
  readonly what: Purgeable;
  readonly offer: string;
  /** Empty for all. */
  readonly visitor: string;
}

const wordsOf = ({ count: { events, offers }, what, offer, visitor }: PurgePageProps): string => {
  if (!events) return 'There is nothing to give up.';
  const of = offer ? `the offer ${offer}` : plural(offers, 'offer');
  const by = visitor && ` by the visitor ${visitor}`;
  const which = plural(events, what === 'dead' ? 'dead letter' : 'event');
  return `This gives up ${which} of ${of}${by}. A retry of everything then leaves ${events === 1 ? 'it' : 'them'}.`;
};

/** The view. */
export const PurgePage = (props: PurgePageProps): VNode => {
  const { count, session, lane, what, offer, visitor } = props;
  const { events, left } = count;
  return (
    <Layout title="Give up events" session={session}>
      <section class="narrow">
        <p>{wordsOf(props)}</p>
        {left > 0 && (
          <p>
            {`${plural(left, 'event')} will be left: a call is on its way, or Chargebee may have it from an earlier one.`}
          </p>
        )}
        <div class="actions">
          {events > 0 && (
            <Action
              to="purge"
              label={`Give up ${plural(events, 'event')}`}
              lane={lane}
              session={session}
              fields={{ what, offer, visitor, confirm: 'yes' }}
              isDangerous
            />
          )}
          <a href={what === 'dead' ? 'dead-letters' : 'delivery'}>Back, and change nothing</a>
        </div>
      </section>
    </Layout>
  );
};
