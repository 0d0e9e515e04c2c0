/** The newest events, as they come. */
import type { VNode } from 'preact';
import type { IntakeRow } from '../../intake/admitted.js';
import { EventTable } from './events-page.js';
import { Layout } from './layout.js';
import type { Session } from './session.js';

/** So many are shown. */
export const LIVE_ROWS = 50;

/** The view. Without its script it is what it was when it was opened. */
export const LivePage = ({
  rows,
  session,
}: {
  readonly rows: readonly IntakeRow[];
  readonly session: Session;
}): VNode => (
  <Layout title="Live" current="live" session={session} head={<script type="module" src="live.js" />}>
    <p class="live">
      <button type="button" id="pause" hidden>
        Pause
      </button>{' '}
      <span id="status" role="status">
        The newest events. Reload to see newer ones.
      </span>
    </p>
    <section>
      <EventTable caption={`The newest ${LIVE_ROWS} events`} rows={rows} lane="offer_events" />
      <p class="empty" id="none" hidden={rows.length > 0}>
        Nothing has arrived so far. Open a page with an offer.
      </p>
    </section>
  </Layout>
);
