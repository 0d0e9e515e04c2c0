/** Pages and intakes of version 0.1 with a proxy of this version, and the other way round. */
import type { Page } from '@playwright/test';
import type { Intake } from 'offersight/proxy';
import { offer } from '../fixtures/faults.js';
import { createGateway, type Gateway } from '../fixtures/gateway.js';
import { bodyOf, eventOf, post } from '../fixtures/post.js';
import { trackerStats, untilWaiting } from '../fixtures/ready.js';
import {
  test as base,
  MEETINGS,
  NEW,
  OLD,
  openWith,
  type Release,
  recordAndLeave,
} from '../fixtures/releases.js';
import { API_KEY, expect, type Stack } from '../fixtures/stack.js';

const INTAKES = ['sqlite', 'direct'] as const;
type IntakeName = (typeof INTAKES)[number];

/** A proxy that serves the site's endpoint. */
interface Served {
  readonly gateway: Gateway;
  /** The intake in which it keeps its events. */
  readonly intake: Partial<Pick<Intake, 'ledger'>>;
  close(): Promise<void>;
}

const test = base.extend<{
  /** Replaces the proxy by one of another version, with the same file. */
  serve: (release: Release, intake: IntakeName) => Promise<Served>;
}>({
  serve: async ({ stack }, use, testInfo) => {
    const ends: (() => Promise<void>)[] = [];
    await use(async ({ proxy: parts }, name) => {
      const intakes = {
        sqlite: () => parts.sqliteIntake({ file: testInfo.outputPath('intake.sqlite') }),
        direct: () => parts.directIntake(),
      };
      const intake = intakes[name]();
      const proxy = parts.createOfferProxy({
        site: 'offersight-test',
        apiKey: API_KEY,
        baseUrl: stack.upstream.url,
        intake,
        pace: { perMinute: 100_000 },
        onAlert: () => undefined,
      });
      let closing: Promise<void> | undefined;
      const close = (): Promise<void> => (closing ??= proxy.close());
      ends.push(close);
      const gateway = createGateway(parts.toNodeListener(proxy));
      stack.site.serve('/offer-events', gateway.listener);
      return { gateway, intake: intake as Served['intake'], close };
    });
    for (const end of ends.toReversed()) await end();
  },
});

/** The sums of a ledger over all events. */
const sumOf = async ({ ledger }: Served['intake']) => {
  const sum = { taken: 0, delivered: 0 };
  for await (const cells of ledger?.() ?? [])
    for (const { taken, delivered } of cells) {
      sum.taken += taken;
      sum.delivered += delivered;
    }
  return sum;
};

/** Expects that the upstream was called once for each event, even for those that pages repeated. */
const expectEachOnce = ({ upstream }: Stack): void => {
  const keys = upstream.history().map(({ key }) => key);
  expect(keys).toEqual([...new Set(keys)]);
};

/** Collects the names of the fields that the events of a page have. */
const watchFields = (page: Page): ReadonlySet<string> => {
  const names = new Set<string>();
  page.on('request', (request) => {
    if (!request.url().endsWith('/offer-events')) return;
    const { events } = request.postDataJSON() as { events: object[] };
    for (const name of events.flatMap(Object.keys)) names.add(name);
  });
  return names;
};

for (const [client, server] of MEETINGS)
  for (const intake of INTAKES)
    test(`a page of ${client.name} and a proxy of ${server.name} with the intake ${intake} understand each other`, async ({
      page,
      serve,
      stack,
    }) => {
      const { gateway } = await serve(server, intake);
      const fields = watchFields(page);
      const expires = new Date(Date.now() + 3_600_000).toISOString();
      await openWith(
        client,
        page,
        stack,
        `<div class="offer" data-offer-id="full" data-offer-dwell="0" data-offer-expires="${expires}"
          data-offer-token="to.ke-n_1" data-offer-group="summer"><button data-offer-dismiss>x</button></div>${offer('null')}`,
        { script: 'data-endpoint="/offer-events" data-debug data-subject="user:1"' },
      );
      await stack.expectRecorded(['viewed full']);
      // A field that the proxy does not know does not open the circuit.
      expect((await trackerStats(page)).outbox?.pause).toBeUndefined();
      // The proxy takes the event, and the page does not get the answer.
      gateway.fault = 'lose-answer';
      await page.click('button');
      await stack.expectRecorded(['viewed full', 'dismissed full']);
      gateway.fault = undefined;
      await untilWaiting(page, 0);
      // The proxy refuses the id that a template wrote for a missing offer.
      expect(await trackerStats(page)).toMatchObject({ outbox: { dead: 1 }, discarded: { refused: 1 } });
      await recordAndLeave(page, 'leaving');
      await stack.expectRecorded(['viewed full', 'dismissed full', 'viewed leaving']);
      expectEachOnce(stack);
      // The older proxy gets no reason any more: it had already refused the group, which it does not know.
      expect([...fields].toSorted()).toEqual([
        ...['expires_at', ...(client === NEW ? ['group'] : []), 'id', 'occurred_at', 'personalized_offer_id'],
        ...['subject', 'token', 'type'],
      ]);
    });

for (const intake of ['sqlite'] as const)
  test(`a proxy of this version takes over what version 0.1 has in its intake ${intake}`, async ({
    serve,
    stack,
  }) => {
    const ask = async (body: string): Promise<unknown> => JSON.parse((await post(stack.site.url, body)).text);
    const verdicts = (status: string, ids: readonly string[]) => ids.map((id) => ({ id, status }));
    const events = [eventOf(1), eventOf(2, { type: 'dismissed', offer: 'a52ge1' }), eventOf(3)];
    const ids = events.map(({ id }) => id);
    stack.upstream.addFaults({ kind: 'down' });
    const before = await serve(OLD, intake);
    expect(await ask(bodyOf(...events))).toEqual({ v: 1, results: verdicts('accepted', ids) });

    const after = await serve(NEW, intake);
    const later = eventOf(4);
    await expect
      .poll(() => ask(bodyOf(...events, later)), { timeout: 30_000 })
      .toEqual({
        v: 1,
        results: [...verdicts('duplicate', ids), ...verdicts('accepted', [later.id])],
      });
    await before.close();
    stack.upstream.clearFaults();
    await stack.expectRecorded(['viewed a52ge1', 'dismissed a52ge1', 'viewed a52ge3', 'viewed a52ge4']);
    expectEachOnce(stack);
    // The ledger has all events, no matter which version took them.
    await after.close();
    const { intake: last } = await serve(NEW, intake);
    await expect.poll(() => sumOf(last), { timeout: 20_000 }).toEqual({ taken: 4, delivered: 4 });
  });

test('a proxy of version 0.1 that is started on a file of this version refuses it in words, and harms nothing', async ({
  serve,
  stack,
}) => {
  await serve(NEW, 'sqlite');
  expect((await post(stack.site.url, bodyOf(eventOf(1)))).status).toBe(200);
  await expect(serve(OLD, 'sqlite')).rejects.toThrow(/written by a newer release/);
  expect((await post(stack.site.url, bodyOf(eventOf(2)))).status).toBe(200);
  await stack.expectRecorded(['viewed a52ge1', 'viewed a52ge2']);
  expectEachOnce(stack);
});
