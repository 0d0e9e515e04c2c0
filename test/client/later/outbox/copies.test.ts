/** What a page remembers of events that another tab has delivered meanwhile. */
import { expect, test } from 'vitest';
import { idOf, plain, viewed } from '../../../support/events.js';
import { startTab } from '../../../support/outbox.js';

test('a copy of what another tab delivered unheard is forgotten when the page is looked at again', async () => {
  const tab = startTab();
  const other = tab.another();
  await tab.append(plain(viewed(1), viewed(2)));
  tab.outbox.add(viewed(3), false);
  tab.leasing.tell();
  await other.leased('other', 1);
  await other.leasing.settle([idOf(1)]);
  await tab.leasing.marks();
  expect([...tab.outbox.mirror.keys()]).toEqual([idOf(2), idOf(3)]);
  expect(tab.discarded).toEqual([]);
});

test('an event that is stored and expires is reported, though its copy is forgotten before', async () => {
  const tab = startTab();
  await tab.append(plain(viewed(1)));
  await tab.runtime.advance(3 * 86_400_000);
  await tab.leased('one');
  expect([tab.discarded, tab.told, tab.outbox.mirror.size]).toEqual([
    [[idOf(1), 'expired', undefined]],
    [[idOf(1), true]],
    0,
  ]);
});
