/**
 * Who has signed in to the operator's page. A session is a cookie: how often sessions had been
 * ended when it began, when it began and when it ends, and a code over all three. So every process
 * knows it, with any clock, and another token ends them all. The page keeps only how often sessions
 * were ended.
 */

import { isMacOf, isSameSecret, keyOf, macOf, WRITTEN_MAC } from '../../authorize/mac.js';
import type { Intake } from '../../intake/intake.js';

/** A session that holds. */
export interface Session {
  /** What every form of this session's pages has to send. */
  readonly formToken: string;
}

/** The sessions of one token. */
export interface Sessions {
  /**
   * Begins a session.
   * @param isSecure Whether the page has to be on https: everywhere but on this machine.
   * @returns The cookie, as Set-Cookie has it.
   */
  begin(isSecure: boolean): Promise<string>;
  /** A cookie that replaces a session's, and is not valid. */
  over(isSecure: boolean): string;
  /** The session that a request's cookies name, if it holds. */
  find(cookies: string | null, isSecure: boolean): Promise<Session | undefined>;
  /** Ends every session, in every process. */
  endAll(): Promise<void>;
}

/** A working day. */
const SESSION_MS = 28_800_000;
/** No other use of the same token can be mistaken for this one. */
const PURPOSE = 'offersight operator session 1';
const FORM = 'form';
const VALUE = new RegExp(`^(([\\da-z]{1,9})\\.[\\da-z]{1,9}\\.([\\da-z]{1,9}))\\.(${WRITTEN_MAC})$`);

/**
 * The name of the cookie. A browser takes the prefix `__Host-` only over https, and then no other
 * host of the same site can set it (RFC 6265bis §4.1.3.2).
 */
const nameOf = (isSecure: boolean): string => `${isSecure ? '__Host-' : ''}offersight-operator`;

/** Without a path it is that of the page: a request's own folder (RFC 6265bis §5.1.4). */
const cookieOf = (isSecure: boolean, value: string, maxAge: number): string =>
  `${nameOf(isSecure)}=${value};${isSecure ? ' Path=/; Secure;' : ''} HttpOnly; SameSite=Strict; Max-Age=${maxAge}`;

/** Whether a form was sent by one of the session's own pages. */
export const isFormToken = ({ formToken }: Session, given: string): Promise<boolean> =>
  isSameSecret(given, formToken);

/**
 * Makes the sessions.
 * @param token The operators' one; sessions of another one do not hold.
 */
export const createSessions = (
  token: string,
  intake: Pick<Intake, 'endSessions' | 'sessionsEnded'>,
  now: () => number,
): Sessions => {
  // The token itself signs nothing but this one message, which makes the key that signs sessions.
  const key = keyOf(token)
    .then((given) => macOf(given, PURPOSE))
    .then(keyOf);

  return {
    over: (isSecure) => cookieOf(isSecure, '', 0),

    async begin(isSecure) {
      const beganAt = now();
      const facts = [await intake.sessionsEnded(), beganAt, beganAt + SESSION_MS]
        .map((fact) => fact.toString(36))
        .join('.');
      return cookieOf(isSecure, `${facts}.${await macOf(await key, facts)}`, SESSION_MS / 1_000);
    },

    async find(cookies, isSecure) {
      const prefix = `${nameOf(isSecure)}=`;
      // A page beside this one may have set cookies of the same name for a longer path, ahead of the right one.
      const given = (cookies ?? '').split('; ').filter((cookie) => cookie.startsWith(prefix));
      for (const cookie of given) {
        const [, facts = '', ended = '', end = '', mac = ''] = VALUE.exec(cookie.slice(prefix.length)) ?? [];
        if (!(Number.parseInt(end, 36) > now()) || !(await isMacOf(await key, mac, facts))) continue;
        if (Number.parseInt(ended, 36) !== (await intake.sessionsEnded())) continue;
        return { formToken: await macOf(await key, `${FORM} ${facts}`) };
      }
      return undefined;
    },

    endAll: () => intake.endSessions(),
  };
};
