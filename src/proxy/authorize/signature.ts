/**
 * Signed offers: a token that the server puts beside an offer where it renders the page, so that nobody can report of
 * offers that were not shown to them.
 */
import { OffersightError } from '../../errors.js';
import { isOfferId } from '../../protocol/event.js';
import { isGroup } from '../../protocol/group.js';
import { MAX_RETENTION_MS } from '../../protocol/retention.js';
import { isSubject } from '../../protocol/subject.js';
import { isMacOf, keyOf, macOf, WRITTEN_MAC } from './mac.js';

/** An offer as a page shows it to one user. */
export interface SignableOffer {
  /** The personalized offer's `id`. */
  readonly id: string;
  /** Who may report of it, as the proxy's `subject` hook names them; by default everybody who has the token. */
  readonly subject?: string | undefined;
  /**
   * The group that the page gives to the offer. Then its events count under no other one. @default any group that the page gives
   */
  readonly group?: string | undefined;
  /** Until when it may be seen or closed, epoch milliseconds. */
  readonly expiresAt: number;
}

export interface SignedClaim {
  readonly token: string | undefined;
  readonly offerId: string;
  readonly occurredAt: number;
  readonly subject: string | undefined;
  readonly group: string | undefined;
}

const MIN_SECRET_LENGTH = 32;
/** As milliseconds it lies in 1973, as seconds beyond every offer. */
const LATEST_SECONDS = 1e11;
/** Enough against guessing, since every guess is a request; so a token has at most the 64 characters of the wire. */
const GROUP_MAC_CHARACTERS = 7;
/** When it ends, whether it is bound to a subject (s) and a group (g), the MAC, and the group's. */
const TOKEN = new RegExp(
  `^([\\da-z]{1,9})\\.(?:(s|g|sg)\\.)?(${WRITTEN_MAC})(?:\\.([\\w-]{${GROUP_MAC_CHARACTERS}}))?$`,
);
/** No other use of the same secret can be mistaken for these. */
const PURPOSE = 'offersight offer 1';
const GROUP_PURPOSE = 'offersight group 1';

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

interface Bound {
  readonly offerId: string;
  readonly subject: string | undefined;
  readonly expiry: string;
  /** Part of the message, so that nobody can take the group off a token. */
  readonly hasGroup: boolean;
}

const messageOf = ({ offerId, subject, expiry, hasGroup }: Bound): string =>
  JSON.stringify([PURPOSE, offerId, subject ?? null, expiry, ...(hasGroup ? ['g'] : [])]);

/**
 * The MAC of a group, beside the token's own one, so that an event with another group keeps a valid token.
 * @param mac The token's own.
 */
const groupMacOf = async (key: CryptoKey, mac: string, group: string): Promise<string> =>
  (await macOf(key, JSON.stringify([GROUP_PURPOSE, mac, group]))).slice(0, GROUP_MAC_CHARACTERS);

/**
 * Signs an offer for one user. Put the token on the offer's element as `data-offer-token`.
 * @param secret At least 32 characters, shared with the proxy's `requireSignedOffers` and with nobody else.
 * @throws {OffersightError} `configuration` if the offer or the secret is unusable.
 */
export const signOffer = async (offer: SignableOffer, secret: string): Promise<string> => {
  const { id, subject, group, expiresAt } = offer;
  checkSecrets([secret]);
  if (!isOfferId(id)) throw new OffersightError('configuration', 'Sign the id of a personalized offer.');
  if (subject !== undefined && !isSubject(subject))
    throw new OffersightError(
      'configuration',
      'Sign for an opaque subject, 1–128 characters of A–Z a–z 0–9 _ . : ~ -.',
    );
  if (group !== undefined && !isGroup(group))
    throw new OffersightError(
      'configuration',
      'Sign a group with 1 to 50 characters of A–Z a–z 0–9 _ . : / ~ -, the first a letter or a digit.',
    );
  if (!(expiresAt > LATEST_SECONDS && expiresAt < 36 ** 9))
    throw new OffersightError(
      'configuration',
      "Sign until a time in epoch milliseconds. Chargebee's expires_at is in seconds: multiply it by 1,000.",
    );
  const expiry = Math.floor(expiresAt).toString(36);
  const key = await keyOf(secret);
  const mac = await macOf(key, messageOf({ offerId: id, subject, expiry, hasGroup: group !== undefined }));
  const flags = `${subject === undefined ? '' : 's'}${group === undefined ? '' : 'g'}`;
  const parts = [expiry, flags, mac, group === undefined ? '' : await groupMacOf(key, mac, group)];
  return parts.filter(Boolean).join('.');
};

export interface TokenWorth {
  /** `'absent'` if it is bound to a subject and nobody is there now. */
  readonly offer: 'valid' | 'invalid' | 'absent';
  /** Whether it was signed for the group that the event names: `'free'` if it was signed for none. */
  readonly group: 'signed' | 'other' | 'free';
  /** What tells it from other tokens. The group's MAC does not, since a sender can write any. */
  readonly key: string;
}

/**
 * @param secrets Any of them may have signed, so that they can be replaced one by one.
 */
export const createVerifier = (
  secrets: readonly string[],
): ((claim: SignedClaim, now: number) => Promise<TokenWorth>) => {
  const keys = Promise.all(secrets.map(keyOf));
  return async ({ token, offerId, occurredAt, subject, group }, now) => {
    const [, expiry = '', flags = '', mac = '', groupMac] = TOKEN.exec(token ?? '') ?? [];
    const worth = (offer: TokenWorth['offer'], ofGroup: TokenWorth['group'] = 'free'): TokenWorth => ({
      ...{ offer, group: ofGroup, key: `${expiry}.${mac}` },
    });
    if (!mac) return worth('invalid');
    const expiresAt = Number.parseInt(expiry, 36);
    // What happened in time may arrive for as long as a client keeps it; a request that was captured dies with its token.
    if (occurredAt > expiresAt || now > expiresAt + MAX_RETENTION_MS) return worth('invalid');
    const [isBound, hasGroup] = [flags.includes('s'), flags.includes('g')];
    if (isBound && subject === undefined) return worth('absent');
    const message = messageOf({ offerId, subject: isBound ? subject : undefined, expiry, hasGroup });
    for (const key of await keys) {
      if (!(await isMacOf(key, mac, message))) continue;
      if (!hasGroup || group === undefined) return worth('valid');
      return worth('valid', (await groupMacOf(key, mac, group)) === groupMac ? 'signed' : 'other');
    }
    return worth('invalid');
  };
};
