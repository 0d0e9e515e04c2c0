/** The HTTP proxy that calls have to go through, where the environment names one: Node's fetch passes it by. */
import { Failure } from './failure.js';

/** Node honours the environment by itself from this version on, if `NODE_USE_ENV_PROXY` is 1. */
const OWN_SUPPORT = 24;

const firstOf = (names: readonly string[], env: NodeJS.ProcessEnv): string | undefined =>
  names.find((name) => env[name]);

/** What names the proxy for the scheme of a URL, as curl and others read it. */
const variableFor = (protocol: string, env: NodeJS.ProcessEnv): string | undefined => {
  const name = protocol === 'http:' ? 'http_proxy' : 'https_proxy';
  return firstOf([name, name.toUpperCase()], env);
};

/** Whether `NO_PROXY` names a host, itself or by a domain above it. */
const isExcluded = (hostname: string, env: NodeJS.ProcessEnv): boolean =>
  (env[firstOf(['no_proxy', 'NO_PROXY'], env) ?? ''] ?? '')
    .split(/[\s,]+/)
    .map((entry) => entry.replace(/^\*?\./, ''))
    .some((entry) => entry === '*' || (entry && (hostname === entry || hostname.endsWith(`.${entry}`))));

/**
 * Lets every call of this process go through the proxy that `HTTPS_PROXY` or `HTTP_PROXY` names,
 * unless `NO_PROXY` names their host.
 * @param baseUrl Where calls go.
 * @throws {Failure} If the variable does not name a proxy, or the package that uses it is not there.
 */
export const useOutgoingProxy = async (
  baseUrl: string,
  env = process.env,
  nodeVersion = process.versions.node,
): Promise<void> => {
  const { protocol, hostname } = URL.canParse(baseUrl)
    ? new URL(baseUrl)
    : new URL('https://upstream.invalid');
  const variable = variableFor(protocol, env);
  if (variable === undefined || isExcluded(hostname, env)) return;
  if (env.NODE_USE_ENV_PROXY === '1' && Number.parseInt(nodeVersion, 10) >= OWN_SUPPORT) return;
  const address = env[variable] ?? '';
  // Said without the value, which may hold a password.
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address))
    throw new Failure(`${variable} is not the address of a proxy, such as http://proxy.example:3128.`);
  const { ProxyAgent, setGlobalDispatcher } = await import('undici').catch(() => {
    throw new Failure(
      `${variable} is set, which calls of Chargebee do not honour without a package: npm install undici@7, or unset it.`,
    );
  });
  setGlobalDispatcher(new ProxyAgent(address));
};
