/** `offersight sign` and `offersight inspect-link`: what a secret of the proxy's makes. */
import { inspectLink } from '../authorize/inspecting.js';
import { signOffer } from '../authorize/signature.js';
import { Failure } from './failure.js';
import type { Values } from './flags.js';
import { readSecret } from './secrets.js';

/**
 * Prints a token.
 * @throws {Failure} If the secret cannot be read.
 */
export const runSign = async ({
  offer: id = '',
  subject,
  group,
  expires = Number.NaN,
  signingSecretFile,
}: Values<'sign'>): Promise<void> => {
  const secret = readSecret(signingSecretFile, 'OFFERSIGHT_SIGNING_SECRET') ?? '';
  console.log(await signOffer({ id, subject, group, expiresAt: expires }, secret));
};

/**
 * Prints a link.
 * @throws {Failure} If there is no token, or the address has a hash.
 */
export const runInspectLink = async (
  { adminTokenFile, operator }: Values<'inspect-link'>,
  [url = '']: string[],
): Promise<void> => {
  if (url.includes('#'))
    throw new Failure('Leave the # and what is behind it out of the address: the link has its own there.');
  const secret = readSecret(adminTokenFile, 'OFFERSIGHT_ADMIN_TOKEN');
  if (secret === undefined)
    throw new Failure('Set OFFERSIGHT_ADMIN_TOKEN or --admin-token-file, as for the proxy.');
  console.log(await inspectLink(url, { secret, operatorUrl: operator }));
};
