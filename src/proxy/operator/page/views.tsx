/** What the operator's page shows to a signed-in operator, and what its forms do. */
import type { Intake } from '../../intake/intake.js';
import { isDay, isFunnelBy, readFunnel, toCsvLines } from '../funnel.js';
import { laneOf } from '../listing.js';
import { nextTurn, streamOf } from '../portions.js';
import { faultOf, type Purgeable, purge } from '../purging.js';
import { retry } from '../retrying.js';
import { DeadLettersPage, readDeadLetters } from './dead-letters-page.js';
import { DeliveryPage, readDelivery } from './delivery-page.js';
import type { ShownEvent } from './event-rows.js';
import { EventsPage, readEvents } from './events-page.js';
import { FunnelPage, readFunnelView } from './funnel-page.js';
import { Notice, PAGE_HEADERS, seeOther, show } from './layout.js';
import { LIVE_ROWS, LivePage } from './live-page.js';
import { laneNameIn } from './paging.js';
import { PurgePage } from './purge-page.js';
import type { Session } from './session.js';

/** What is shown to a signed-in operator. */
type View = (query: URLSearchParams, session: Session) => Promise<Response>;
/** What a form does. */
type Action = (form: URLSearchParams, session: Session) => Promise<Response>;

/** What they work on. */
export interface ViewsContext {
  readonly intake: Intake;
  readonly now: () => number;
}

const CSV_LINES = 500;

async function* inPortions(lines: Iterable<string>): AsyncGenerator<string> {
  let portion = '';
  let count = 0;
  for (const line of lines) {
    portion += line;
    if (++count % CSV_LINES) continue;
    yield portion;
    portion = '';
    await nextTurn();
  }
  yield portion;
}

/** Makes the views, by the last part of their paths. */
export const createViews = ({ intake, now }: ViewsContext): Readonly<Record<string, View>> => ({
  funnel: async (query, session) =>
    show(<FunnelPage {...(await readFunnelView(intake, query, now()))} session={session} />),

  'funnel.csv': async (query) => {
    const by = query.get('by') ?? '';
    const [since, until] = ['since', 'until'].map((name) => query.get(name) ?? '') as [string, string];
    if (!isFunnelBy(by) || !isDay(since) || !isDay(until))
      return show(<Notice title="Not found">A day or a column of this table cannot be read.</Notice>, 400);
    const group = query.get('group') ?? undefined;
    const name = ['funnel-by', by, group, since, until].filter(Boolean).join('-');
    const funnel = await readFunnel(intake, { by, group, since, until });
    return new Response(streamOf(inPortions(toCsvLines(funnel))), {
      headers: {
        ...PAGE_HEADERS,
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${name.replaceAll(/[^\w.-]+/g, '-')}.csv"`,
      },
    });
  },

  delivery: async (_, session) =>
    show(<DeliveryPage {...(await readDelivery(intake, now()))} session={session} />),

  events: async (query, session) =>
    show(<EventsPage {...(await readEvents(intake, query))} session={session} />),

  'dead-letters': async (query, session) =>
    show(<DeadLettersPage {...(await readDeadLetters(intake, query))} session={session} />),

  live: async (_, session) =>
    show(<LivePage rows={await intake.list({ limit: LIVE_ROWS })} session={session} />),

  'live-rows': async () => {
    const rows = await intake.list({ limit: LIVE_ROWS });
    const shown = rows.map(({ id, type, offerId, state, code, receivedAt, group, reason }): ShownEvent => {
      return { id, type, offerId, state, code, receivedAt, group, reason };
    });
    return Response.json(shown, { headers: PAGE_HEADERS });
  },
});

/** Makes what forms do, by the last part of their paths. */
export const createActions = ({ intake, now }: ViewsContext): Readonly<Record<string, Action>> => {
  const laneIn = (form: URLSearchParams) => {
    const name = laneNameIn(form);
    return { lane: laneOf(intake, name), name };
  };

  return {
    retry: async (form) => {
      const { lane, name } = laneIn(form);
      const id = form.get('id');
      const retried = await retry(lane, { ids: id ? [id] : [] }, now);
      return seeOther(`dead-letters?lane=${name}&done=retried-${retried}#letters`);
    },

    purge: async (form, session) => {
      const { lane, name } = laneIn(form);
      const what: Purgeable = form.get('what') === 'waiting' ? 'waiting' : 'dead';
      const offer = (form.get('offer') ?? '').trim();
      const id = form.get('id');
      // One by itself is retried as easily as it was given up.
      if (id) {
        const purged = await lane.purge([id], now());
        return seeOther(`dead-letters?lane=${name}&done=purged-${purged}#letters`);
      }
      const visitor = (form.get('visitor') ?? '').trim();
      const isMeant = form.get('confirm') === 'yes';
      const request = { what, offerId: offer || undefined, visitor: visitor || undefined, isMeant };
      const fault = faultOf(request, name);
      if (fault !== undefined) return show(<Notice title="Nothing was given up">{fault}</Notice>, 400);
      const count = await purge(lane, request, now);
      return isMeant
        ? seeOther(`dead-letters?lane=${name}&done=purged-${count.events}`)
        : show(<PurgePage {...{ count, session, what, offer, visitor }} lane={name} />);
    },
  };
};
