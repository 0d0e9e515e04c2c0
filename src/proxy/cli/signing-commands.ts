/** `offersight sign` and `offersight inspect-link`: what a secret of the proxy's makes. */
import { inspectLink } from '../authorize/inspecting.js';
import { signOffer } from '../authorize/signature.js';
import { Failure } from './failure.js';
import type { Values } from './flags.js';
import { neededSecret, readSecret } from './secrets.js';

/**
 * Prints a token.
 * @throws {Failure} If there is no secret, or it cannot be read.
 */
export const runSign = async (
  { subject, group, expires }: Values<'sign'>,
  [id = '']: string[],
): Promise<void> => {
  const secret = readSecret('signingSecret') ?? '';
  console.log(await signOffer({ id, subject, group, expiresAt: expires }, secret));
};

/**
 * Prints a link.
 * @throws {Failure} If there is no token, or the address has a hash.
 */
export const runInspectLink = async (
  { operator }: Values<'inspect-link'>,
  [url = '']: string[],
): Promise<void> => {
  if (url.includes('#'))
    throw new Failure('Leave the # and what is behind it out of the address: the link has its own there.');
  console.log(await inspectLink(url, { secret: neededSecret('adminToken'), operatorUrl: operator }));
};
