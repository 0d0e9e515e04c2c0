/** Which page delivers what, where several endpoints share one database. */
import { describe, expect, test } from 'vitest';
import type { OutboxEntry } from '../../../../src/client/outbox/records.js';
import { dismissed, idOf, plain, START, viewed } from '../../../support/events.js';
import { openTab, storedIds, type Tab } from '../../../support/outbox.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';
import type { OpenRecords } from '../../outbox/records.contract.js';

const DAY_MS = 24 * 3_600_000;
const DE = 'https://shop.example/de/offer-events';
const FR = 'https://shop.example/fr/offer-events';

export const describeEndpoints = (open: OpenRecords): void => {
  const start = (): {
    readonly runtime: FakeRuntime;
    readonly at: (endpoint: string, mostStranded?: number, retentionMs?: number) => Tab;
    put(entry: OutboxEntry): Promise<unknown>;
    deny(tab: Tab): Promise<void>;
    stored(kind: 'entry' | 'state'): Promise<unknown[]>;
  } => {
    const runtime = fakeRuntime();
    const records = open(runtime);
    return {
      runtime,
      at: (endpoint, mostStranded, retentionMs = 6 * DAY_MS) =>
        openTab(records, runtime, { bounds: { retentionMs }, endpoint, mostStranded }),
      put: (entry) => records.transact(async (rows) => rows.put(['entry', entry.event.id], entry)),
      deny: ({ leasing }) => leasing.purge(),
      stored: (kind) => storedIds(records, kind),
    };
  };

  test('each page leases what goes to its own endpoint', async () => {
    const { at } = start();
    const [de, fr] = [at(DE), at(FR)];
    await de.append(plain(viewed(1), viewed(3)));
    await fr.append(plain(viewed(2)));
    await expect(fr.leased('fr')).resolves.toEqual([idOf(2)]);
    await expect(de.leased('de')).resolves.toEqual([idOf(1), idOf(3)]);
  });

  test('a page that keeps events for an hour gives up its own, and none of another endpoint', async () => {
    const { at, runtime, stored } = start();
    const [de, fr] = [at(DE), at(FR, undefined, 3_600_000)];
    await de.append(plain(viewed(1)));
    await fr.append(plain(viewed(2)));
    await runtime.advance(3_600_000);
    await fr.leased('fr');
    await expect(stored('entry')).resolves.toEqual([idOf(1)]);
    await expect(de.leased('de')).resolves.toEqual([idOf(1)]);
  });

  test('what waits for another endpoint delays nothing, not even the same offer', async () => {
    const { at } = start();
    const [de, fr] = [at(DE), at(FR)];
    const view = viewed(1);
    await de.append(plain(view));
    await fr.append(plain(dismissed(2, view), viewed(3)));
    await expect(fr.leasing.lease('fr', 9)).resolves.toMatchObject({ entries: [{}, {}] });
    await expect(fr.leasing.lease('fr', 9)).resolves.toMatchObject({ nextAt: START + 15_000 });
  });

  test('a pause is the endpoint’s own', async () => {
    const { at } = start();
    const [de, fr] = [at(DE), at(FR)];
    await de.append(plain(viewed(1)));
    await fr.append(plain(viewed(2)));
    await de.leasing.setPause(() => ({ kind: 'circuit', failures: 1, at: START + 60_000 }));
    await expect(at(DE).leased('de')).resolves.toEqual([]);
    await expect(at(FR).leased('fr')).resolves.toEqual([idOf(2)]);
  });

  test('a service worker gets each endpoint, and a denial forgets all of them', async () => {
    const { at, deny, stored } = start();
    const [de, fr] = [at(DE), at(FR)];
    await de.leasing.setSite({ endpoint: DE });
    await fr.leasing.setSite({ endpoint: FR });
    await expect(stored('state')).resolves.toEqual(['site', 'site']);
    await de.leasing.setPause(() => ({ kind: 'throttled', failures: 1, at: START + 60_000 }));
    await deny(fr);
    await expect(stored('state')).resolves.toEqual(['pause']);
  });

  describe('what has waited a day for another endpoint', () => {
    test('is reported, and not leased', async () => {
      const { at, runtime } = start();
      const [de, fr] = [at(DE), at(FR)];
      await de.append(plain(viewed(1)));
      await runtime.advance(DAY_MS - 1);
      await fr.leased('fr');
      expect(fr.stranded).toEqual([]);
      await runtime.advance(1);
      await expect(fr.leased('fr')).resolves.toEqual([]);
      expect(fr.stranded).toEqual([DE]);
    });

    test('is leased once it is declared this endpoint’s own, and nothing younger', async () => {
      const { at, runtime } = start();
      const [de, fr] = [at(DE), at(FR, 0)];
      await de.append(plain(viewed(1)));
      await de.leased('gone');
      await runtime.advance(DAY_MS);
      await de.append(plain(viewed(2, { occurredAt: runtime.now() })));
      await expect(fr.leased('fr')).resolves.toEqual([idOf(1)]);
    });

    test('still waits for its own user', async () => {
      const { at, runtime } = start();
      const [de, fr] = [at(DE), at(FR)];
      await de.append(plain(viewed(1, { subject: 'somebody' })));
      await runtime.advance(DAY_MS);
      await fr.leased('fr');
      expect(fr.stranded).toEqual([]);
    });
  });
};
