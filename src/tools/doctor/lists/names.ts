/** Names of a deployment that filter lists may be about. */
import type { Observed } from '../observed.js';

/** A request that a list may block. */
export interface NamedRequest {
  readonly url: string;
  readonly type: 'script' | 'xmlhttprequest';
}

/** What a list, or several, say of names. */
export interface FilterLists {
  /** How many lists these are, in words. */
  readonly name: string;
  /** The filter that blocks a request of a page; undefined if none does. */
  blocks(request: NamedRequest, page: string): { readonly filter: string; readonly list: string } | undefined;
  /** Selectors that hide elements with these classes (`.name`) and ids (`#name`) on a page. */
  hides(names: readonly string[], page: string): readonly string[];
}

/** Every address of a deployment. */
export const requestsOf = ({
  tags,
  browser,
  endpoint,
}: Pick<Observed, 'tags' | 'browser' | 'endpoint'>): NamedRequest[] => {
  const scripts = [...(browser?.tags ?? []), ...tags].map(({ url }) => url);
  return [
    ...[...new Set([...scripts, ...(browser?.files ?? []).map(({ url }) => url)])].map(
      (url) => ({ url, type: 'script' }) as const,
    ),
    { url: endpoint.url, type: 'xmlhttprequest' },
  ];
};
