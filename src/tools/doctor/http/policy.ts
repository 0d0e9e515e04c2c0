/**
 * Whether a Content-Security-Policy lets a URL through, by CSP Level 3. A browser says it exactly; without one this is enough
 * for what pages with offers have: `'self'`, hosts, schemes, nonces, hashes and `'strict-dynamic'`.
 */

/** What is asked for. */
export interface Wanted {
  readonly directive: 'script-src' | 'connect-src';
  readonly url: string;
  /** The page that asks. */
  readonly page: string;
  readonly nonce?: string | undefined;
  /** What the tag pins the file to. */
  readonly integrity?: string | undefined;
}

/** In this order the first directive that a policy has applies (CSP 3, § 6.8.3). */
const FALLBACKS = {
  'script-src': ['script-src-elem', 'script-src', 'default-src'],
  'connect-src': ['connect-src', 'default-src'],
} as const;

const SCHEME = /^[a-z][a-z\d+.-]*:$/i;

/** What a policy says after the name of a directive; undefined if it does not have that. */
const directiveOf = (policy: string, name: string): readonly string[] | undefined =>
  policy
    .split(';')
    .map((part) => part.trim().split(/\s+/))
    .find(([first = '']) => first.toLowerCase() === name)
    ?.slice(1);

/** What a policy says of a directive, perhaps by one that stands for it. */
export const sourcesOf = (policy: string, directive: Wanted['directive']): readonly string[] | undefined => {
  for (const name of FALLBACKS[directive]) {
    const found = directiveOf(policy, name);
    if (found) return found;
  }
  return undefined;
};

const isSameOrUpgraded = (wanted: URL, scheme: string): boolean =>
  wanted.protocol === scheme || (scheme === 'http:' && wanted.protocol === 'https:');

/** A source such as `https://*.example.com:8443/js/`. */
const isHostMatch = (source: string, url: URL, page: URL): boolean => {
  const [, scheme, host = '', port, path] =
    /^(?:([a-z][a-z\d+.-]*:)\/\/)?([^/:]+)(?::([\d*]+))?(\/.*)?$/i.exec(source) ?? [];
  if (!host || !isSameOrUpgraded(url, scheme?.toLowerCase() ?? page.protocol)) return false;
  const name = host.toLowerCase();
  const isHost = name.startsWith('*.')
    ? url.hostname.endsWith(name.slice(1))
    : name === '*' || name === url.hostname;
  const isPort =
    port === '*' ||
    (port ?? '') === url.port ||
    (port !== undefined && url.port === '' && /^(?:80|443)$/.test(port));
  const isPath =
    path === undefined ||
    path === '/' ||
    (path.endsWith('/') ? url.pathname.startsWith(path) : path === url.pathname);
  return isHost && isPort && isPath;
};

const isAllowedBy = (source: string, { nonce, integrity, ...wanted }: Wanted): boolean => {
  const [url, page] = [new URL(wanted.url), new URL(wanted.page)];
  const word = source.toLowerCase();
  if (word === "'self'")
    return url.origin === page.origin || (url.host === page.host && isSameOrUpgraded(url, page.protocol));
  if (word === '*') return /^https?:$/.test(url.protocol);
  if (SCHEME.test(source)) return isSameOrUpgraded(url, word);
  const [, quoted] = /^'(.+)'$/.exec(source) ?? [];
  if (quoted === undefined) return isHostMatch(source, url, page);
  if (quoted.startsWith('nonce-'))
    return nonce !== undefined && nonce !== '' && quoted.slice('nonce-'.length) === nonce;
  return integrity?.split(/\s+/).includes(quoted) ?? false;
};

/** Whether a policy blocks what is wanted. */
export const isBlockedBy = (policy: string, wanted: Wanted): boolean => {
  const sources = sourcesOf(policy, wanted.directive);
  if (!sources) return false;
  const isScript = wanted.directive === 'script-src';
  const isDynamic = isScript && sources.some((source) => source.toLowerCase() === "'strict-dynamic'");
  // With it only nonces and hashes count.
  const counting = isDynamic ? sources.filter((source) => /^'(?:nonce|sha\d+)-/i.test(source)) : sources;
  return !counting.some((source) =>
    isAllowedBy(source, isScript ? wanted : { ...wanted, nonce: undefined, integrity: undefined }),
  );
};

/** The policies of a header, which may hold several, divided by commas; several headers are lines to a browser. */
export const policiesOf = (header: string | undefined): string[] =>
  (header ?? '')
    .split(/[,\n]/)
    .map((policy) => policy.trim())
    .filter(Boolean);
