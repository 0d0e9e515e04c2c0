/**
 * Which site a request is for: the one that has its Host, or else the one that has its path. Host chooses among the sites that are
 * configured; it never becomes an origin, and what matches none has no default.
 */
import type { IncomingMessage } from 'node:http';
import type { Site } from './site.js';

/** Chooses among sites. */
export interface SiteChoice {
  /** Whose endpoint a target is. */
  endpointOf(target: string, incoming: IncomingMessage): Site | undefined;
  /** Whether a page of some site may ask this host. */
  isKnown(incoming: IncomingMessage): boolean;
  /** Whose operators ask. */
  adminOf(incoming: IncomingMessage): Site | undefined;
}

/** The name that a request gives its host, without the port; `X-Forwarded-Host` is anybody's word, and not read. */
const hostOf = ({ headers }: IncomingMessage): string =>
  /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(headers.host ?? '')?.[1]?.toLowerCase() ?? '';

/**
 * Makes the choice.
 * @param isNamed Whether sites are told apart; otherwise there is one, and it has every host.
 * @param isApart Whether operators have a listener of their own. Otherwise they ask where pages do, by the same hosts.
 */
export const createSiteChoice = (sites: readonly Site[], isNamed: boolean, isApart: boolean): SiteChoice => {
  const byHost = new Map(sites.flatMap((site) => [...site.hosts].map((host) => [host, site] as const)));
  const byPath = new Map(sites.flatMap((site) => (site.hosts.size ? [] : [[site.path, site] as const])));
  const byAdminHost = new Map([
    ...(isApart ? [] : byHost),
    ...sites.flatMap((site) => [...site.adminHosts].map((host) => [host, site] as const)),
  ]);
  return {
    endpointOf(target, incoming) {
      const site = byHost.get(hostOf(incoming));
      return site?.path === target ? site : byPath.get(target);
    },
    isKnown: (incoming) => !isNamed || byHost.has(hostOf(incoming)),
    adminOf: (incoming) => (isNamed ? byAdminHost.get(hostOf(incoming)) : sites[0]),
  };
};
