/** The operator's page: which view answers a browser, and what its forms do. */
import { readFileSync } from 'node:fs';
import type { Intake } from '../../intake/intake.js';
import { readText } from '../body.js';
import { isDay, isFunnelBy, readFunnel, toCsvLines } from '../funnel.js';
import { isLaneName, laneOf } from '../listing.js';
import { nextTurn, streamOf } from '../portions.js';
import { type Purgeable, purge } from '../purging.js';
import { retryAll } from '../retrying.js';
import { DeadLettersPage, PurgePage, readDeadLetters } from './dead-letters-page.js';
import { DeliveryPage, readDelivery } from './delivery-page.js';
import type { ShownEvent } from './event-rows.js';
import { EventsPage, readEvents } from './events-page.js';
import { FunnelPage, readFunnelView } from './funnel-page.js';
import { Notice, PAGE_HEADERS, show, VIEWS } from './layout.js';
import { LIVE_ROWS, LivePage } from './live-page.js';
import { createSessions, isFormToken, type Session } from './session.js';
import { EntryPage, type SignInFault, SignInPage, UnknownOriginPage } from './sign-in-page.js';
import { STYLE } from './style.js';
import { isLoopback, originOf } from './visiting.js';

/** Says of a token whether it is the right one; `'slow'` of a wrong one after too many others. */
export type TokenCheck = (given: string, address: string | undefined) => Promise<'right' | 'wrong' | 'slow'>;

/** What the page runs on. */
export interface PagesContext {
  readonly intake: Intake;
  readonly token: string;
  readonly checkToken: TokenCheck;
  readonly now: () => number;
}

/**
 * Answers a browser's request, which asks for one of the page's own hosts.
 * @param what The last part of its path.
 * @param address From where it comes.
 */
export type Pages = (request: Request, what: string, address: string | undefined) => Promise<Response>;

/** What is shown to whoever has signed in. */
type View = (query: URLSearchParams, session: Session) => Promise<Response>;
/** What a form does. */
type Action = (form: URLSearchParams, session: Session) => Promise<Response>;

const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i;
const CSV_LINES = 500;

const seeOther = (to: string, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(null, { status: 303, headers: { ...PAGE_HEADERS, location: to, ...headers } });

const file = (body: string | Uint8Array<ArrayBuffer>, type: string): Response =>
  new Response(body, { headers: { ...PAGE_HEADERS, 'content-type': `${type}; charset=utf-8` } });

/** A bundled server has no such file; the live view then says that it has to be reloaded. */
const readScript = (): Response => {
  try {
    return file(readFileSync(new URL('./live/live.js', import.meta.url)), 'text/javascript');
  } catch {
    return new Response(null, { status: 404, headers: PAGE_HEADERS });
  }
};

/** A view's name with its query, as it stands in links; empty for anything else, so that it leads nowhere else. */
const targetOf = (text: string): string => {
  const [, name = ''] = /^([a-z-]+)(?:\?[^\s#]*)?$/.exec(text) ?? [];
  return Object.hasOwn(VIEWS, name) ? text : '';
};

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

const createViews = ({ intake, now }: PagesContext): Readonly<Record<string, View>> => ({
  funnel: async (query, session) =>
    show(<FunnelPage {...(await readFunnelView(intake, query))} session={session} />),

  'funnel.csv': async (query) => {
    const by = query.get('by') ?? '';
    const [since, until] = ['since', 'until'].map((name) => query.get(name) ?? '') as [string, string];
    if (!isFunnelBy(by) || !isDay(since) || !isDay(until))
      return show(<Notice title="Not found">A day or a column of this table cannot be read.</Notice>, 400);
    const group = query.get('group') ?? undefined;
    const funnel = await readFunnel(intake, { by, group, since, until });
    return new Response(streamOf(inPortions(toCsvLines(funnel))), {
      headers: {
        ...PAGE_HEADERS,
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="funnel-${since}-${until}.csv"`,
      },
    });
  },

  delivery: async (_, session) => {
    const at = now();
    return show(<DeliveryPage lanes={await readDelivery(intake, at)} now={at} session={session} />);
  },

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

const createActions = (
  { intake, now }: PagesContext,
  endAll: () => Promise<void>,
): Readonly<Record<string, Action>> => {
  const laneIn = (form: URLSearchParams) => {
    const name = form.get('lane') ?? '';
    const lane = isLaneName(name) ? name : 'offer_events';
    return { lane: laneOf(intake, lane), name: lane };
  };

  return {
    'sign-out': async () => {
      await endAll();
      return seeOther('funnel');
    },

    retry: async (form) => {
      const { lane, name } = laneIn(form);
      const id = form.get('id');
      const retried = id ? await lane.retry([id], now()) : await retryAll(lane, now);
      return seeOther(`dead-letters?lane=${name}&done=retried-${retried}`);
    },

    purge: async (form, session) => {
      const { lane, name } = laneIn(form);
      const what: Purgeable = form.get('what') === 'waiting' ? 'waiting' : 'dead';
      const offer = (form.get('offer') ?? '').trim();
      const isMeant = form.get('confirm') === 'yes';
      const count = await purge(lane, { what, offerId: offer || undefined, isMeant }, now);
      return isMeant
        ? seeOther(`dead-letters?lane=${name}&done=purged-${count.events}`)
        : show(<PurgePage count={count} session={session} fields={{ lane: name, what, offer }} />);
    },
  };
};

/** Makes the page. */
export const createPages = (context: PagesContext): Pages => {
  const { intake, token, checkToken, now } = context;
  const sessions = createSessions(token, intake, now);
  const views = createViews(context);
  const actions = createActions(context, () => sessions.endAll());

  const askToken = (to: string, fault?: SignInFault, status = 200): Response =>
    show(<SignInPage to={to} fault={fault} />, status);

  const signIn = async (request: Request, form: URLSearchParams, address: string | undefined) => {
    const to = targetOf(form.get('to') ?? '');
    const worth = await checkToken(form.get('token') ?? '', address);
    if (worth !== 'right') return askToken(to, worth, worth === 'slow' ? 429 : 401);
    const { pathname } = new URL(request.url);
    const path = pathname.slice(0, pathname.lastIndexOf('/') + 1);
    const cookie = await sessions.begin(!isLoopback(request), path);
    return seeOther(to || 'funnel', { 'set-cookie': cookie });
  };

  const change = async (request: Request, what: string, address: string | undefined): Promise<Response> => {
    const text = FORM_TYPE.test(request.headers.get('content-type') ?? '')
      ? await readText(request)
      : undefined;
    const form = new URLSearchParams(text ?? '');
    if (what === 'sign-in') return signIn(request, form, address);
    const session = await sessions.find(request.headers.get('cookie'), !isLoopback(request));
    if (!session || !(await isFormToken(session, form.get('form_token') ?? '')))
      return askToken('', 'ended', 401);
    const action = Object.hasOwn(actions, what) ? actions[what] : undefined;
    return action ? action(form, session) : notFound();
  };

  const notFound = (): Response =>
    show(
      <Notice title="Not found">
        <a href="funnel">Go to the funnel</a>
      </Notice>,
      404,
    );

  const answer: Pages = async (request, what, address) => {
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    if (isReading && what === 'style.css') return file(STYLE, 'text/css');
    if (isReading && what === 'live.js') return readScript();
    const to = targetOf(`${what}${new URL(request.url).search}`);
    switch (originOf(request)) {
      case 'unknown':
        return show(<UnknownOriginPage />, 403);
      case 'elsewhere':
        // Following a link shows nothing and changes nothing; what it leads to is asked for by this page itself.
        return isReading && request.headers.get('sec-fetch-mode') === 'navigate'
          ? show(<EntryPage to={to} />)
          : show(<Notice title="Not from another page">This was asked for by another page.</Notice>, 403);
      case 'page':
        break;
    }
    if (!isReading) return change(request, what, address);
    const session = await sessions.find(request.headers.get('cookie'), !isLoopback(request));
    if (!session) return askToken(to, undefined, what === 'live-rows' ? 401 : 200);
    if (what === '') return seeOther('funnel');
    const view = Object.hasOwn(views, what) ? views[what] : undefined;
    return view ? view(new URL(request.url).searchParams, session) : notFound();
  };

  return (...asked) =>
    answer(...asked).catch(() =>
      show(
        <Notice title="Not now">
          The intake does not answer. The proxy’s log says why. Reload this page in a moment.
        </Notice>,
        503,
        { 'retry-after': '5' },
      ),
    );
};
