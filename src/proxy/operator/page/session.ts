/**
 * Who has signed in to the operator's page. A session is a cookie: when it began, when it ends, and a code over both, so that
 * every process knows it and another token ends them all. Nothing is kept but when an operator last signed out.
 */
import type { Intake } from '../../intake/intake.js';
import { isMacOf, isSameSecret, keyOf, macOf, WRITTEN_MAC } from '../../judging/mac.js';

/** A session that holds. */
export interface Session {
  readonly endsAt: number;
  /** What every form of this session's pages has to send. */
  readonly formToken: string;
}

/** The sessions of one token. */
export interface Sessions {
  /**
   * Begins a session.
   * @param isSecure Whether the page is on https, or on this machine alone.
   * @param path Where the page is.
   * @returns The cookie, as Set-Cookie has it.
   */
  begin(isSecure: boolean, path: string): Promise<string>;
  /** The session that a request's cookies name, if it holds. */
  find(cookies: string | null, isSecure: boolean): Promise<Session | undefined>;
  /** Ends every session, in whichever process. */
  endAll(): Promise<void>;
}

/** A working day. */
const SESSION_MS = 28_800_000;
/** No other use of the same token can be mistaken for this one. */
const PURPOSE = 'offersight operator session 1';
const FORM = 'form';
const VALUE = new RegExp(`^([\\da-z]{1,9})\\.([\\da-z]{1,9})\\.(${WRITTEN_MAC})$`);

/**
 * The name of the cookie. A browser takes the prefix `__Host-` from https alone, and then no other host of the same site can set
 * it (RFC 6265bis §4.1.3.2).
 */
const nameOf = (isSecure: boolean): string => `${isSecure ? '__Host-' : ''}offersight-operator`;

/** Whether two texts are the same, in a time that tells nothing of them. */
export const isFormToken = ({ formToken }: Session, given: string): Promise<boolean> =>
  isSameSecret(given, formToken);

/**
 * Makes the sessions.
 * @param token The operators' one; sessions of another one do not hold.
 */
export const createSessions = (
  token: string,
  intake: Pick<Intake, 'endSessions' | 'sessionsEndedAt'>,
  now: () => number,
): Sessions => {
  // The token itself signs nothing but this one message, which makes the key that signs sessions.
  const key = keyOf(token)
    .then((given) => macOf(given, PURPOSE))
    .then(keyOf);

  return {
    async begin(isSecure, path) {
      // Another process, whose clock is ahead, may have ended sessions at a time that is still to come here.
      const beganAt = Math.max(now(), (await intake.sessionsEndedAt()) + 1);
      const times = `${beganAt.toString(36)}.${(beganAt + SESSION_MS).toString(36)}`;
      const value = `${times}.${await macOf(await key, times)}`;
      const attributes = `HttpOnly; SameSite=Strict; Max-Age=${SESSION_MS / 1_000}`;
      return `${nameOf(isSecure)}=${value}; Path=${isSecure ? '/; Secure' : path}; ${attributes}`;
    },

    async find(cookies, isSecure) {
      const prefix = `${nameOf(isSecure)}=`;
      // A page beside this one may have set a cookie of the same name for a longer path, ahead of the right one.
      const given = (cookies ?? '').split('; ').filter((cookie) => cookie.startsWith(prefix));
      for (const cookie of given.slice(0, 4)) {
        const [, begin = '', end = '', mac = ''] = VALUE.exec(cookie.slice(prefix.length)) ?? [];
        const times = `${begin}.${end}`;
        const endsAt = Number.parseInt(end, 36);
        if (!(endsAt > now()) || !(await isMacOf(await key, mac, times))) continue;
        if (Number.parseInt(begin, 36) <= (await intake.sessionsEndedAt())) continue;
        return { endsAt, formToken: await macOf(await key, `${FORM} ${times}`) };
      }
      return undefined;
    },

    endAll: () => intake.endSessions(now()),
  };
};
