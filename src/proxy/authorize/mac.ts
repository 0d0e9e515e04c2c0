/** Message authentication codes: HMAC with SHA-256 by WebCrypto, which compares in constant time. */

const ALGORITHM = { name: 'HMAC', hash: 'SHA-256' };

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

export const toBase64Url = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

const fromBase64Url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  );

const importKey = (raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', raw, ALGORITHM, false, ['sign', 'verify']);

/** A code as it is written: 43 characters of base64url, as a part of a regular expression. */
export const WRITTEN_MAC = '[\\w-]{43}';

export const keyOf = (secret: string): Promise<CryptoKey> => importKey(bytesOf(secret));

/** A message's code, as 32 bytes. */
export const signed = (key: CryptoKey, message: string): Promise<ArrayBuffer> =>
  crypto.subtle.sign('HMAC', key, bytesOf(message));

export const macOf = async (key: CryptoKey, message: string): Promise<string> =>
  toBase64Url(await signed(key, message));

/**
 * Whether a code is a message's.
 * @param mac As {@link WRITTEN_MAC} has it.
 */
export const isMacOf = async (key: CryptoKey, mac: string, message: string): Promise<boolean> => {
  const bytes = fromBase64Url(mac);
  // The last character has two bits to spare, so each code could be written in four ways.
  return toBase64Url(bytes.buffer) === mac && crypto.subtle.verify('HMAC', key, bytes, bytesOf(message));
};

/**
 * Compares two secrets in a time that reveals nothing about them: it compares their codes under a key that is thrown away.
 */
export const isSameSecret = async (given: string, secret: string): Promise<boolean> => {
  const key = await importKey(crypto.getRandomValues(new Uint8Array(32)));
  return isMacOf(key, await macOf(key, secret), given);
};
