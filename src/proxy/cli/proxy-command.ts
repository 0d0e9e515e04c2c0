/** `offersight proxy`: from flags, secrets and the environment to a proxy that serves. */
import { Failure } from './failure.js';
import type { Values } from './flags.js';
import { useOutgoingProxy } from './outgoing-proxy.js';
import { neededSecret, readSecret } from './secrets.js';
import { placeOf } from './sources.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Resolves when the process is asked to end. If it is asked again, it ends at once. */
const signalled = (): Promise<(typeof SIGNALS)[number]> =>
  new Promise((resolve) => {
    const hear = (signal: (typeof SIGNALS)[number]): void => {
      for (const each of SIGNALS) process.off(each, hear);
      resolve(signal);
    };
    for (const each of SIGNALS) process.on(each, hear);
  });

/** Checks what flags say of each other. */
const checkTogether = ({ port, adminPort, adminNames }: Values<'proxy'>): void => {
  if (adminNames && !adminPort)
    throw new Failure('Set --admin-port too: the operator’s page is on a listener of its own.');
  if (port > 0 && port === adminPort?.port)
    throw new Failure('Set --port and --admin-port to different ports.');
};

/**
 * Serves until the process is asked to end.
 * @throws {Failure} If flags do not fit together, or a secret is missing.
 */
export const runProxy = async (values: Values<'proxy'>): Promise<void> => {
  // The kept events may describe people, so only this user may read them.
  process.umask(0o077);
  // Ahead of the intake, so that a command that is refused leaves no empty file behind.
  checkTogether(values);
  const options = {
    ...values,
    place: placeOf(values),
    apiKey: neededSecret('apiKey', values.apiKeyFile),
    adminToken: readSecret('adminToken'),
    signingSecret: readSecret('signingSecret'),
  };
  // Behind every check, since an open intake keeps the process alive.
  await useOutgoingProxy();
  const { serve } = await import('./serve.js');
  // Ahead of the line that says that it listens: who reads that may ask it to end at once.
  const asked = signalled();
  const serving = await serve({ ...options, stream: process.stdout });
  // Whoever presses Ctrl+C sends no requests that would have to be led elsewhere.
  if ((await asked) === 'SIGTERM') await serving.drain();
  await serving.stop();
};
