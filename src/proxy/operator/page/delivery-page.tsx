/** How delivery stands: what waits, since when and why, and what an operator has to do. */
import type { VNode } from 'preact';
import type { Intake, LaneStatus } from '../../intake/intake.js';
import { type LaneName, type ProxyStatus, readStanding } from '../listing.js';
import { readSums, type Sums } from '../sums.js';
import { Alert, DoorNotice } from './door-notice.js';
import { FormToken, Layout } from './layout.js';
import type { Session } from './session.js';
import { countOf, durationOf, forecastOf, plural, timeOf } from './words.js';

const LANES = { offer_events: 'Offer events', usage_events: 'Usage events' } as const;

/** What the view shows. */
export interface DeliveryView extends Pick<ProxyStatus, 'door' | 'lanes'> {
  /** What became of what was taken lately. */
  readonly sums: Sums;
  readonly now: number;
}

/** Asks every lane how it stands. */
export const readDelivery = async (intake: Intake, now: number): Promise<DeliveryView> => ({
  ...(await readStanding(intake, now)),
  sums: (await readSums(intake, now)).last7Days,
  now,
});

/** The first question of a reader: is everything that was taken delivered? */
const Verdict = ({ sums }: { sums: Sums }): VNode => {
  const { taken, delivered, waiting, refused, givenUp, purged } = sums;
  const dead = refused + givenUp + purged;
  return (
    <p>
      {taken === 0
        ? 'Nothing was taken in the last 7 days.'
        : taken === delivered
          ? `Everything that was taken in the last 7 days is delivered: ${plural(taken, 'event')}.`
          : `In the last 7 days: ${plural(taken, 'event')} taken, ${countOf(delivered)} delivered, ${countOf(waiting)} waiting.`}
      {dead > 0 && (
        <>
          {' '}
          <a href="dead-letters">{plural(dead, 'dead letter')}</a>
          {`: ${countOf(refused)} refused by Chargebee, ${countOf(givenUp)} given up, ${countOf(purged)} purged.`}
        </>
      )}
    </p>
  );
};

const GiveUp = ({ name, session }: { name: LaneName; session: Session }): VNode => (
  <details>
    <summary>Give up what waits</summary>
    <form method="post" action="purge" class="filter">
      <FormToken session={session} />
      <input type="hidden" name="lane" value={name} />
      <input type="hidden" name="what" value="waiting" />
      <label>
        Of one offer
        <input type="text" name="offer" autocomplete="off" placeholder="all offers" maxLength={50} />
      </label>
      {name === 'offer_events' && (
        <label>
          Of one user or address
          <input type="text" name="visitor" autocomplete="off" placeholder="all visitors" maxLength={128} />
        </label>
      )}
      <button type="submit">Count first</button>
    </form>
  </details>
);

const Lane = ({
  name,
  status,
  now,
  session,
}: {
  name: LaneName;
  status: LaneStatus;
  now: number;
  session: Session;
}): VNode => {
  const { waiting, oldestAt, lastMinute, note } = status;
  const isPaused = note.pausedUntil !== undefined && note.pausedUntil > now;
  return (
    <section>
      <h2>{LANES[name]}</h2>
      {note.alert !== undefined && <Alert>{note.alert}</Alert>}
      <dl class="figures">
        <div>
          <dt>Waiting</dt>
          <dd>{countOf(waiting)}</dd>
        </div>
        <div>
          <dt>The oldest waits for</dt>
          <dd>{oldestAt === undefined ? '–' : durationOf(now - oldestAt)}</dd>
        </div>
        <div>
          <dt>Calls in the last minute</dt>
          <dd>{countOf(lastMinute)}</dd>
        </div>
      </dl>
      {isPaused && (
        <p>
          Chargebee asked for a pause, or did not answer: the next call is in{' '}
          {forecastOf((note.pausedUntil ?? now) - now)}.
        </p>
      )}
      {waiting > 0 && !isPaused && note.alert === undefined && lastMinute > 0 && (
        <p>{`At the pace of the last minute, ${plural(waiting, 'event')} take ${forecastOf((waiting / lastMinute) * 60_000)}.`}</p>
      )}
      {waiting > 0 && <GiveUp name={name} session={session} />}
    </section>
  );
};

/** The view. */
export const DeliveryPage = ({
  lanes,
  door,
  sums,
  now,
  session,
}: DeliveryView & { session: Session }): VNode => (
  <Layout title="Delivery" current="delivery" session={session}>
    <p class="hint">
      As of {timeOf(now)} UTC. <a href="delivery">Look again</a>
    </p>
    <DoorNotice door={door} now={now} />
    <Verdict sums={sums} />
    <Lane name="offer_events" status={lanes.offer_events} now={now} session={session} />
    <Lane name="usage_events" status={lanes.usage_events} now={now} session={session} />
  </Layout>
);
