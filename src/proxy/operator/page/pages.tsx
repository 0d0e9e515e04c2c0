/** The operator's page: who is answered, and by which view. */
import { readFileSync } from 'node:fs';
import { problem } from '../../door/exchange.js';
import { readText } from '../portions.js';
import { Notice, PAGE_HEADERS, seeOther, show, VIEWS } from './layout.js';
import { isLoopback, isNavigation, originOf } from './own-requests.js';
import { createSessions, isFormToken } from './session.js';
import {
  OpeningPage,
  OtherHostPage,
  type SignInFault,
  SignInPage,
  UnknownOriginPage,
} from './sign-in-page.js';
import { STYLE } from './style.js';
import { createActions, createViews, type ViewsContext } from './views.js';

/** Says of a token whether it is the right one; `'slow'` of a wrong one after too many others. */
export type TokenCheck = (given: string, address: string | undefined) => Promise<'right' | 'wrong' | 'slow'>;

/** What the page runs on. */
export interface PagesContext extends ViewsContext {
  readonly token: string;
  readonly checkToken: TokenCheck;
  /** Called with what broke. */
  readonly onFailure: (cause: unknown) => void;
}

/**
 * Answers a browser's request, which asks for one of the page's own hosts.
 * @param what The last part of its path.
 * @param address From where it comes.
 */
export type Pages = (request: Request, what: string, address: string | undefined) => Promise<Response>;

const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i;
const MAX_FORM_BYTES = 8_000;

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

/** A view's name with its query, as it is in links. Empty for anything else, so that it cannot lead elsewhere. */
const targetOf = (text: string): string => {
  const [, name = ''] = /^([a-z-]+)(?:\?[^\s#]*)?$/.exec(text) ?? [];
  return Object.hasOwn(VIEWS, name) ? text : '';
};

/**
 * Answers a browser that asks by a host name that is none of the page's own.
 * @param isAnywhere Whether the page has any.
 */
export const answerElsewhere = (isAnywhere: boolean): Response =>
  show(<OtherHostPage isAnywhere={isAnywhere} />, 401, { 'www-authenticate': 'Bearer' });

/** Makes the page. */
export const createPages = (context: PagesContext): Pages => {
  const { intake, token, checkToken, now, onFailure } = context;
  const sessions = createSessions(token, intake, now);
  const views = createViews(context);
  const actions = createActions(context);

  const askToken = (to: string, fault?: SignInFault, status = 200): Response =>
    show(<SignInPage to={to} fault={fault} />, status);

  const signIn = async (request: Request, form: URLSearchParams, address: string | undefined) => {
    const to = targetOf(form.get('to') ?? '');
    // A copy often has a blank around it.
    const worth = await checkToken((form.get('token') ?? '').trim(), address);
    if (worth !== 'right') return askToken(to, worth, worth === 'slow' ? 429 : 401);
    const cookie = await sessions.begin(!isLoopback(request));
    return seeOther(to || 'funnel', { 'set-cookie': cookie });
  };

  const change = async (request: Request, what: string, address: string | undefined): Promise<Response> => {
    const text = FORM_TYPE.test(request.headers.get('content-type') ?? '')
      ? await readText(request, MAX_FORM_BYTES)
      : undefined;
    const form = new URLSearchParams(text ?? '');
    if (what === 'sign-in') return signIn(request, form, address);
    const action = Object.hasOwn(actions, what) ? actions[what] : undefined;
    const session = await sessions.find(request.headers.get('cookie'), !isLoopback(request));
    if (!session || !(await isFormToken(session, form.get('form_token') ?? '')))
      // What is retried and given up is there.
      return askToken(action ? 'dead-letters' : '', 'ended', 401);
    if (what === 'sign-out') {
      await sessions.endAll();
      return seeOther('funnel', {
        'set-cookie': sessions.over(!isLoopback(request)),
        // Browsers go back to pages that they have kept, also to those that nobody may store.
        'clear-site-data': '"cache"',
      });
    }
    return action ? action(form, session) : notFound(what);
  };

  const notFound = (what: string): Response =>
    show(
      <Notice title="Not found">
        There is no such view. The address of the operator’s page ends with a slash:{' '}
        <a href={`./${what}/`}>{what}/</a>
      </Notice>,
      404,
    );

  const answer: Pages = async (request, what, address) => {
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    if (!isReading && request.method !== 'POST') return problem('method', { allow: 'GET, POST' });
    if (isReading && what === 'style.css') return file(STYLE, 'text/css');
    if (isReading && what === 'live.js') return readScript();
    const to = targetOf(`${what}${new URL(request.url).search}`);
    switch (originOf(request)) {
      case 'unknown':
        return show(<UnknownOriginPage />, 403);
      case 'elsewhere':
        // Following a link shows nothing and changes nothing; what it leads to is asked for by this page itself.
        return isReading && isNavigation(request)
          ? show(<OpeningPage to={to} />)
          : show(<Notice title="Not from another page">This was asked for by another page.</Notice>, 403);
      case 'page':
        break;
    }
    if (!isReading) return change(request, what, address);
    const session = await sessions.find(request.headers.get('cookie'), !isLoopback(request));
    // A form would lead from there to somewhere else.
    if (what !== '' && !Object.hasOwn(views, what)) return notFound(what);
    if (!session) return askToken(to, undefined, what === 'live-rows' ? 401 : 200);
    if (what === '') return seeOther('funnel');
    return views[what]?.(new URL(request.url).searchParams, session) ?? notFound(what);
  };

  return (...asked) =>
    answer(...asked).catch((cause: unknown) => {
      onFailure(cause);
      return show(
        <Notice title="Not now">
          The intake does not answer. The proxy’s log says why. Reload this page in a moment.
        </Notice>,
        503,
        { 'retry-after': '5' },
      );
    });
};
