/** What all views of the operator's page have in common: head, navigation, and the headers of the answer. */
import type { ComponentChildren, VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { REPLY_HEADERS } from '../../door/exchange.js';
import type { Session } from './session.js';

/** Every view that the navigation leads to, by the last part of its path. */
export const VIEWS = {
  funnel: 'Funnel',
  delivery: 'Delivery',
  events: 'Events',
  'dead-letters': 'Dead letters',
  live: 'Live',
} as const;

/** The last part of a view's path. */
export type ViewName = keyof typeof VIEWS;

/** Headers of all answers to a browser. */
export const PAGE_HEADERS = {
  ...REPLY_HEADERS,
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
} as const;

/** An answer that a browser shows. */
export const show = (page: VNode, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(`<!doctype html>${renderToString(page)}`, {
    status,
    headers: { ...PAGE_HEADERS, 'content-type': 'text/html; charset=utf-8', ...headers },
  });

/** Leads a browser to a view. */
export const seeOther = (to: string, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(null, { status: 303, headers: { ...PAGE_HEADERS, location: to, ...headers } });

/** What every form of a session has to send. */
export const FormToken = ({ session }: { readonly session: Session }): VNode => (
  <input type="hidden" name="form_token" value={session.formToken} />
);

const Navigation = ({ current, session }: { current: ViewName | undefined; session: Session }): VNode => (
  <nav aria-label="Views">
    <ul>
      {Object.entries(VIEWS).map(([name, title]) => (
        <li key={name}>
          <a href={name} {...(name === current && { 'aria-current': 'page' as const })}>
            {title}
          </a>
        </li>
      ))}
    </ul>
    <form method="post" action="sign-out">
      <FormToken session={session} />
      <button type="submit" class="quiet">
        Sign out everywhere
      </button>
    </form>
  </nav>
);

/** What a view is framed by. */
export interface LayoutProps {
  readonly title: string;
  readonly current?: ViewName;
  /** Who is signed in. */
  readonly session?: Session;
  /** Elements of its own in the head. */
  readonly head?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A whole document. */
export const Layout = ({ title, current, session, head, children }: LayoutProps): VNode => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{`${title} · Offersight`}</title>
      <link rel="icon" href="data:," />
      <link rel="stylesheet" href="style.css" />
      {head}
    </head>
    <body>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <p class="brand">Offersight</p>
        {session && <Navigation current={current} session={session} />}
      </header>
      <main id="main">
        <h1>{title}</h1>
        {children}
      </main>
    </body>
  </html>
);

/** A view that says one thing. */
export const Notice = ({ title, children }: Pick<LayoutProps, 'title' | 'children'>): VNode => (
  <Layout title={title}>
    <section class="narrow">{children}</section>
  </Layout>
);
