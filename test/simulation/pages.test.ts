/**
 * What only a page's composition can get wrong, scene by scene over virtual time: the product keeps each, and a client
 * that is broken in one line does not.
 */
import { describe, expect, it } from 'vitest';
import { check, explain } from '../history/checker.js';
import type { History, Row } from '../history/row.js';
import { loadRooms } from './rooms.js';
import type { Action, Command, Schedule } from './schedule.js';
import { type Edit, writeVariant } from './variants.js';
import { runSchedule } from './world.js';

/** One way for a page to break its promise. */
interface Scene {
  readonly tabs: number;
  readonly commands: readonly (readonly [afterMs: number, action: Action])[];
  /** What is wrong with a history. */
  readonly faultOf: (history: History) => string | undefined;
  /** The client that does it. */
  readonly edit: Edit;
}

const PAGE_DELIVERY = 'client/later/page-delivery.ts';
const MINUTE_MS = 60_000;

const view: Action = { do: 'view', tab: 0, offer: 1, many: 1, isOnce: false };
const isRequest = (row: Row): row is Extract<Row, { readonly kind: 'requested' }> => row.kind === 'requested';

/** The rule of I20, also for what another tab heard. */
const askedAgain = (history: History): string | undefined => {
  const known = new Map<string, number>();
  for (const row of history) {
    if (row.kind === 'answered')
      for (const [id, { kind }] of Object.entries(row.verdicts ?? {}))
        if (kind === 'accepted' || kind === 'duplicate') known.set(id, known.get(id) ?? row.at);
    // A message between tabs takes a moment.
    if (isRequest(row))
      for (const id of row.ids)
        if (row.at > (known.get(id) ?? Infinity) + 10) return `${row.tab} sent again what is known`;
  }
  return undefined;
};

const SCENES: Readonly<Record<string, Scene>> = {
  'a page that comes back online in the middle of a back-off asks at once': {
    tabs: 1,
    commands: [
      [0, { do: 'offline' }],
      [100, view],
      [20 * MINUTE_MS, { do: 'online' }],
      [10_000, { do: 'wait' }],
    ],
    faultOf(history) {
      const online = history.findIndex((row) => row.kind === 'page' && row.change === 'online');
      // Everything asks once all faults are over.
      const healed = history.findIndex(({ kind }) => kind === 'healed');
      const [next] = history.slice(online, healed).filter(isRequest);
      const waitedMs = (next?.at ?? Infinity) - (history[online]?.at ?? 0);
      // It waits for a moment of its own, so that not all pages ask at once.
      return waitedMs > 5_000 ? `asked ${waitedMs} ms later` : undefined;
    },
    edit: {
      file: PAGE_DELIVERY,
      find: "else if (change === 'online') void flusher.hurry();",
      put: "else if (change === 'online') return;",
    },
  },
  'a page that was shown again still hears what other tabs deliver': {
    tabs: 1,
    commands: [
      [1_000, { do: 'network-regime', fault: 'drop-before' }],
      [0, view],
      [1_000, { do: 'hide', tab: 0 }],
      [1_000, { do: 'show', tab: 0 }],
      [MINUTE_MS, { do: 'network-regime', fault: undefined }],
      // A page that loads does not wait for the back-off of the others.
      [0, { do: 'open', endpoint: 0 }],
      [5_000, { do: 'hide', tab: 0 }],
    ],
    faultOf: askedAgain,
    edit: {
      file: PAGE_DELIVERY,
      find: 'stopHearing = hear();\n      flusher.wake();',
      put: 'flusher.wake();',
    },
  },
};

const scheduleOf = ({ tabs, commands }: Scene): Schedule => ({
  ...{ seed: 1, keys: 'ignores', tabs, endpoints: 1, proxies: 1, intake: 'sqlite', maxEntries: 10_000 },
  ...{ perMinute: 150, ambiguous: 'atLeastOnce' },
  commands: commands.map(([afterMs, action]): Command => ({ afterMs, action })),
});

const product = await loadRooms();

describe.each(Object.entries(SCENES))('%s', (name, scene) => {
  it('in the product', async () => {
    const { history } = await runSchedule(product, scheduleOf(scene));
    expect(explain(check(history))).toBe('');
    expect(scene.faultOf(history)).toBeUndefined();
  });

  it('and not in a broken client', async () => {
    const variant = { name, edits: [scene.edit], noticedBy: [], seed: 1 };
    const { history } = await runSchedule(await loadRooms(writeVariant(variant)), scheduleOf(scene));
    expect(scene.faultOf(history)).toBeDefined();
  });
});
