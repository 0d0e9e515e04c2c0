/** The HTTP proxy that calls have to go through, where the environment names one: Node's fetch passes it by. */
import { Failure } from './failure.js';

/** What names the proxy for the scheme of a URL, as curl and others read it. */
const variableFor = (url: string, env: NodeJS.ProcessEnv): string | undefined => {
  const name = url.startsWith('http:') ? 'http_proxy' : 'https_proxy';
  return [name, name.toUpperCase()].find((variable) => env[variable]);
};

/**
 * Lets every call of this process go through the proxy that `HTTPS_PROXY` or `HTTP_PROXY` names, except to what
 * `NO_PROXY` names.
 * @param baseUrl Where calls go.
 * @throws {Failure} If one is named and the package that honours it is not there.
 */
export const useOutgoingProxy = async (baseUrl: string, env = process.env): Promise<void> => {
  const variable = variableFor(baseUrl, env);
  // Newer versions of Node honour it by themselves then.
  if (variable === undefined || env.NODE_USE_ENV_PROXY === '1') return;
  const { EnvHttpProxyAgent, setGlobalDispatcher } = await import('undici').catch(() => {
    throw new Failure(
      `${variable} is set, which calls of Chargebee do not honour without a package: npm install undici@7, or unset it.`,
    );
  });
  setGlobalDispatcher(new EnvHttpProxyAgent());
};
