/** The HTTP proxy that calls have to go through, where the environment names one: Node's fetch passes it by. */
import { Failure } from './failure.js';

/** Node honours the environment by itself from this version on, if `NODE_USE_ENV_PROXY` is 1. */
const OWN_SUPPORT = 24;

/**
 * Lets every call of this process go through the proxy that the environment names, by undici's rules.
 * @throws {Failure} If the variable does not name a proxy, or undici is not there.
 */
export const useOutgoingProxy = async (nodeVersion = process.versions.node): Promise<void> => {
  const { env } = process;
  const variable = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].find((name) => env[name]);
  if (variable === undefined) return;
  if (env.NODE_USE_ENV_PROXY === '1' && Number.parseInt(nodeVersion, 10) >= OWN_SUPPORT) return;
  const { EnvHttpProxyAgent, setGlobalDispatcher } = await import('undici').catch(() => {
    throw new Failure(
      `${variable} is set, which calls of Chargebee do not honour without a package: npm install undici@7, or unset it.`,
    );
  });
  try {
    setGlobalDispatcher(new EnvHttpProxyAgent());
  } catch {
    // Said without the value, which may hold a password.
    throw new Failure(`${variable} is not the address of a proxy, such as http://proxy.example:3128.`);
  }
};
