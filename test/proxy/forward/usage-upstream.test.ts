/** Usage events over real connections, from a page's request to the mock API's own books. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOfferProxy, type OfferProxy } from '../../../src/proxy/index.js';
import { startUpstream, type Upstream } from '../../../src/tools/mock-api/server.js';
import { temporaryFolder } from '../../support/intake.js';
import { CANARY_KEY, pageRequest } from '../../support/proxy.js';
import { intakeHere } from '../../support/sqlite.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

let upstream: Upstream;
let proxy: OfferProxy;
let folder: ReturnType<typeof temporaryFolder>;
const alerts: string[] = [];

beforeEach(async () => {
  folder = temporaryFolder();
  alerts.length = 0;
  upstream = await startUpstream({ apiKey: CANARY_KEY, limits: { per_minute: 1_000 } });
  proxy = createOfferProxy({
    site: 'acme-test',
    apiKey: CANARY_KEY,
    baseUrl: upstream.url,
    intake: intakeHere({ file: join(folder.path, 'intake.db') }),
    pace: { perMinute: 1_000 },
    usage: { subscriptionFor: ({ offerId }) => `sub-${offerId}`, baseUrl: upstream.url },
    onAlert: (message) => alerts.push(message),
  });
});

afterEach(async () => {
  await proxy.close();
  await upstream.close();
  folder.remove();
});

const report = async (numbers: readonly number[]): Promise<void> => {
  const now = Date.now();
  const events = numbers.map((number) => wireEvent(number, { occurred_at: now - number }));
  expect((await proxy(pageRequest(wireBody(events, { sent_at: now })))).status).toBe(200);
};

const usageIds = (): string[] =>
  upstream
    .usage()
    .map(({ deduplication_id }) => deduplication_id)
    .sort();

describe('the mock API', () => {
  it('has each usage event once, as the host wrote it, beside the offer events', async () => {
    await report([1, 2, 3]);
    await upstream.until(() => upstream.usage().length === 3 && upstream.history().length === 3);
    expect(upstream.usage()).toContainEqual(
      expect.objectContaining({
        subscription_id: 'sub-a52ge2',
        deduplication_id: eventId(2),
        properties: { offer_event: 'viewed', personalized_offer_id: 'a52ge2' },
      }),
    );
    expect(usageIds()).toEqual([1, 2, 3].map((number) => eventId(number)));
    expect(alerts).toEqual([]);
  });

  it.each(['flat', 'nested', 'opaque'] as const)(
    'has the other events once if it fails one and names it in the %s shape',
    async (failed_shape) => {
      upstream.setUsage({ failed_shape, fail: [eventId(4)] });
      await report([1, 2, 3, 4, 5, 6]);
      await upstream.until(() => upstream.usage().length === 5 && upstream.history().length === 6);
      expect(usageIds()).toEqual([1, 2, 3, 5, 6].map((number) => eventId(number)));
      expect(alerts).toEqual([]);
    },
  );
});
