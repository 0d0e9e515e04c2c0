/** Which of several sites a request is for, by the host that it names. */
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Site } from '../../../src/proxy/cli/site.js';
import { createSiteChoice } from '../../../src/proxy/cli/site-choice.js';

const PATH = '/offer-events';

const siteOf = (name: string): Site => ({
  name,
  hosts: new Set([`${name}.example`]),
  path: PATH,
  adminHosts: new Set([`ops.${name}.example`]),
  endpoint: () => undefined,
  administer: undefined,
  isReady: async () => true,
  stop: async () => undefined,
});

const asking = (host: string): IncomingMessage => ({ headers: { host } }) as unknown as IncomingMessage;

describe('a request among several sites', () => {
  const { endpointOf, isKnown, adminOf } = createSiteChoice([siteOf('another'), siteOf('shop')], true, true);

  it.each(['shop.example', 'SHOP.Example', 'shop.example:443', 'SHOP.Example:443'])(
    'is for the site that has its host, also if the host is in another case or has a port: %s',
    (host) => {
      expect(endpointOf(PATH, asking(host))?.name).toBe('shop');
      expect(isKnown(asking(host))).toBe(true);
      expect(adminOf(asking(`ops.${host}`))?.name).toBe('shop');
    },
  );

  it('is for none of them if none has its host', () => {
    const elsewhere = asking('third.example');
    expect([endpointOf(PATH, elsewhere), isKnown(elsewhere), adminOf(elsewhere)]).toEqual([
      ...[undefined, false, undefined],
    ]);
  });
});
