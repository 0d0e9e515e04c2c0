/** What a page remembers of events that another tab has delivered meanwhile. */
import { expect, test } from 'vitest';
import { idOf, plain, START, viewed } from '../../support/events.js';
import { openMemoryTab, openTab } from '../../support/outbox.js';

const DAY_MS = 86_400_000;

test('a copy of what another tab delivered without a word is forgotten when it is too old to be sent', async () => {
  const tab = openMemoryTab();
  const other = openTab(tab.records, tab.runtime);
  await tab.append(plain(viewed(1), viewed(2, { occurredAt: START + DAY_MS })));
  await other.leased('other');
  await other.leasing.settle([idOf(1), idOf(2)]);
  await tab.leased('one');
  expect([...tab.outbox.mirror.keys()]).toEqual([idOf(1), idOf(2)]);

  await tab.runtime.advance(3 * DAY_MS);
  await tab.leased('two');
  expect([...tab.outbox.mirror.keys()]).toEqual([idOf(2)]);
  expect(tab.discarded).toEqual([]);
});

test('an event that is stored and expires is reported, though its copy is forgotten before', async () => {
  const tab = openMemoryTab();
  await tab.append(plain(viewed(1)));
  await tab.runtime.advance(3 * DAY_MS);
  await tab.leased('one');
  expect([tab.discarded, tab.told, tab.outbox.mirror.size]).toEqual([
    [[idOf(1), 'expired', undefined]],
    [[idOf(1), true]],
    0,
  ]);
});
