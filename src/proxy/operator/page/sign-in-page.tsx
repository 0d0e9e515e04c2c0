/** What somebody sees who has not signed in, and how they come to it. */
import type { VNode } from 'preact';
import { Layout, Notice } from './layout.js';

/** How signing in failed before. */
export type SignInFault = 'wrong' | 'slow' | 'ended';

const FAULTS: Readonly<Record<SignInFault, string>> = {
  wrong: 'This is not the admin token.',
  slow: 'Too many wrong tokens came from your address. Wait for a minute, then try again.',
  ended: 'Your session is over. Sign in again, then repeat what you did.',
};

/**
 * Asks for the token.
 * @param to The view that was asked for, with its query.
 */
export const SignInPage = ({ to, fault }: { to: string; fault?: SignInFault | undefined }): VNode => (
  <Layout title="Sign in">
    <section class="narrow">
      {fault && (
        <p class="fault" role="alert" id="fault">
          {FAULTS[fault]}
        </p>
      )}
      <form method="post" action="sign-in" class="stack">
        <input type="hidden" name="to" value={to} />
        {/* A password manager keeps a password under a name. */}
        <input type="text" name="username" autocomplete="username" value="operator" hidden readonly />
        <label>
          Admin token
          <input
            type="password"
            name="token"
            autocomplete="current-password"
            required
            autofocus
            {...(fault && { 'aria-describedby': 'fault' })}
          />
        </label>
        <p class="hint">
          The proxy reads it from <code>OFFERSIGHT_ADMIN_TOKEN</code> or{' '}
          <code>OFFERSIGHT_ADMIN_TOKEN_FILE</code>. A session lasts for 8 hours.
        </p>
        <button type="submit">Sign in</button>
      </form>
    </section>
  </Layout>
);

/**
 * The page that a link from elsewhere, a bookmark or a typed address first opens. It asks for the
 * view again, now from this page itself, as every request has to that shows something.
 */
export const OpeningPage = ({ to }: { to: string }): VNode => (
  <Layout title="Opening" head={<meta http-equiv="refresh" content={`0; url=${to || '.'}`} />}>
    <section class="narrow">
      <p>
        <a href={to || '.'}>Go on to the operator’s page</a>
      </p>
    </section>
  </Layout>
);

/**
 * For a browser that asks by another host's name. It says nothing that the one who chose that name may not know.
 * @param isAnywhere Whether there is such a page under another name.
 */
export const OtherHostPage = ({ isAnywhere }: { isAnywhere: boolean }): VNode => (
  <Notice title="Not here">
    <p>
      {isAnywhere
        ? 'The operator’s page does not answer by this host name. Open it by 127.0.0.1 on the machine itself, or name this host to the proxy: --admin-names, in a server of your own adminHosts.'
        : 'There is no operator’s page beside the endpoint of your pages. Start the proxy with --admin-port 8788, and open it at that port.'}
    </p>
    <p>Programs send the admin token as a bearer.</p>
  </Notice>
);

/** For browsers that do not say from where a request comes. */
export const UnknownOriginPage = (): VNode => (
  <Notice title="Not shown">
    <p>
      Your browser does not say where this request comes from. Use a browser of the last years, and open this
      page by https or on the machine itself, such as by <code>http://127.0.0.1:8788/admin/</code> at the end
      of an SSH tunnel.
    </p>
  </Notice>
);
