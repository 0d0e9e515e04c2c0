/**
 * Signed offers: a token that the server puts beside an offer where it renders the page, so that nobody can report of
 * offers that were not shown to them.
 */
import { OffersightError } from '../../errors.js';
import { isOfferId } from '../../protocol/event.js';
import { MAX_RETENTION_MS } from '../../protocol/retention.js';
import { isSubject } from '../../protocol/subject.js';
import { isMacOf, keyOf, macOf, WRITTEN_MAC } from './mac.js';

/** An offer as a page shows it to one user. */
export interface SignableOffer {
  /** The personalized offer's `id`. */
  readonly id: string;
  /** Who may report of it, as the proxy's `subject` hook names them; by default everybody who has the token. */
  readonly subject?: string | undefined;
  /** Until when it may be seen or closed, epoch milliseconds. */
  readonly expiresAt: number;
}

/** What a token is checked against. */
export interface SignedClaim {
  readonly token: string | undefined;
  readonly offerId: string;
  readonly occurredAt: number;
  /** The request's verified user. */
  readonly subject: string | undefined;
}

const MIN_SECRET_LENGTH = 32;
/** As milliseconds it lies in 1973, as seconds beyond every offer. */
const LATEST_SECONDS = 1e11;
/** When it ends, whether it is bound to a subject, and the MAC. */
const TOKEN = new RegExp(`^([\\da-z]{1,9})\\.(s\\.)?(${WRITTEN_MAC})$`);
/** No other use of the same secret can be mistaken for this one. */
const PURPOSE = 'offersight offer 1';

/**
 * Checks secrets.
 * @param use What they are for, as an error says it.
 * @throws {OffersightError} `configuration` if one is too short to be one.
 */
export const checkSecrets = (secrets: readonly string[], use = 'Sign offers with'): readonly string[] => {
  if (
    !secrets.length ||
    secrets.some((secret) => typeof secret !== 'string' || secret.length < MIN_SECRET_LENGTH)
  )
    throw new OffersightError(
      'configuration',
      `${use} a random secret of at least ${MIN_SECRET_LENGTH} characters.`,
    );
  return secrets;
};

const messageOf = (offerId: string, subject: string | undefined, expiry: string): string =>
  JSON.stringify([PURPOSE, offerId, subject ?? null, expiry]);

/**
 * Signs an offer for one user. Put the token on the offer's element as `data-offer-token`.
 * @param secret At least 32 characters, shared with the proxy's `requireSignedOffers` and with nobody else.
 * @throws {OffersightError} `configuration` if the offer or the secret is unusable.
 */
export const signOffer = async (offer: SignableOffer, secret: string): Promise<string> => {
  const { id, subject, expiresAt } = offer;
  checkSecrets([secret]);
  if (!isOfferId(id)) throw new OffersightError('configuration', 'Sign the id of a personalized offer.');
  if (subject !== undefined && !isSubject(subject))
    throw new OffersightError(
      'configuration',
      'Sign for an opaque subject, 1–128 characters of A–Z a–z 0–9 _ . : ~ -.',
    );
  if (!(expiresAt > LATEST_SECONDS && expiresAt < 36 ** 9))
    throw new OffersightError(
      'configuration',
      "Sign until a time in epoch milliseconds. Chargebee's expires_at is in seconds: multiply it by 1,000.",
    );
  const expiry = Math.floor(expiresAt).toString(36);
  const mac = await macOf(await keyOf(secret), messageOf(id, subject, expiry));
  return `${expiry}.${subject === undefined ? '' : 's.'}${mac}`;
};

/** What a token is worth: `'absent'` if it is bound to a subject and nobody is there now. */
export type TokenWorth = 'valid' | 'invalid' | 'absent';

/**
 * Makes a check of tokens.
 * @param secrets Any of them may have signed, so that they can be replaced one by one.
 */
export const createVerifier = (
  secrets: readonly string[],
): ((claim: SignedClaim, now: number) => Promise<TokenWorth>) => {
  const keys = Promise.all(secrets.map(keyOf));
  return async ({ token, offerId, occurredAt, subject }, now) => {
    const [, expiry, bound, mac] = TOKEN.exec(token ?? '') ?? [];
    if (expiry === undefined || mac === undefined) return 'invalid';
    const expiresAt = Number.parseInt(expiry, 36);
    // What happened in time may arrive for as long as a client keeps it; a request that was captured dies with its token.
    if (occurredAt > expiresAt || now > expiresAt + MAX_RETENTION_MS) return 'invalid';
    if (bound && subject === undefined) return 'absent';
    const message = messageOf(offerId, bound ? subject : undefined, expiry);
    for (const key of await keys) {
      if (await isMacOf(key, mac, message)) return 'valid';
    }
    return 'invalid';
  };
};
