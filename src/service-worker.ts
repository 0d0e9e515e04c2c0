/**
 * Offersight for a site's own service worker: delivers by Background Sync what a closed page left. One line there,
 * `import 'offersight/service-worker'` or `importScripts('/offersight-worker.js')`, is all that is needed: the
 * page's tracker asks for the sync, and the outbox itself names the endpoint.
 * @module offersight/service-worker
 */
import { syncTag } from './client/later/background-sync.js';
import { createDelivering } from './client/later/delivering.js';
import { createConnecting } from './client/later/outbox/connecting.js';
import { mendedRecords } from './client/later/outbox/mended.js';
import { list } from './client/later/outbox/reading.js';
import type { Site } from './client/later/outbox/remembering.js';
import { indexedDbRecords } from './client/outbox/indexeddb.js';
import { createOutbox } from './client/outbox/outbox.js';
import type { Connection, OutboxEntry, Records } from './client/outbox/records.js';
import { platformRuntime } from './runtime.js';
import { tellTabs } from './tabs.js';

/** Not in the DOM's types (Web Background Synchronization). */
interface SyncEvent extends Event {
  readonly tag: string;
  waitUntil(work: Promise<unknown>): void;
}

/** What is not delivered by then is left to the next sync: the browser asks again by itself, after minutes. */
const LONGEST_SYNC_MS = 60_000;
/** A page may be about to leave, and have leased what is left. */
const RETRY_MS = 1_000;

const ignore = (): void => undefined;

const { connect } = createConnecting();

/** How many entries this user's page left for an endpoint; rejects where the database fails. */
const countLeft = (records: Records, { subject, endpoint }: Site): Promise<number> =>
  records.transact(async (rows) => {
    const entries = (await rows.query('getAll', 'entry')) as readonly (Partial<OutboxEntry> | undefined)[];
    return entries.filter(
      (entry) =>
        entry?.v === 1 && entry.endpoint === endpoint && (entry.event?.subject ?? subject) === subject,
    ).length;
  });

/** Delivers what is left for one endpoint, or rejects, so that the browser asks again. */
const deliverTo = async (site: Site, name: string): Promise<void> => {
  const runtime = platformRuntime();
  const open = (): Connection => connect(indexedDbRecords(name, runtime));
  const connection = open();
  // If consent were denied, there would be no site.
  const owner = { ...site, consent: 'granted' } as const;
  const outbox = createOutbox(connection, runtime, site.endpoint, owner);
  const { flusher } = createDelivering({
    outbox,
    owner,
    mend: (listener) => mendedRecords(outbox, connection, open, listener),
    runtime,
    tellTabs: (ids) => tellTabs(name, ids),
    options: site,
    report: ignore,
    onDiscard: ignore,
  });
  const endsAt = runtime.elapsed() + LONGEST_SYNC_MS;
  await flusher.hurry();
  try {
    for (;;) {
      await flusher.flush();
      if (!(await countLeft(outbox.records, site))) return;
      const delayMs = Math.max(RETRY_MS, outbox.pause.at - runtime.now());
      if (runtime.elapsed() + delayMs > endsAt) throw new Error('Events are left in the outbox.');
      await new Promise<void>((resolve) => runtime.after(delayMs, resolve));
    }
  } finally {
    flusher.stop();
  }
};

/** Delivers what is left, or rejects, so that the browser asks again. */
const deliver = async (name: string): Promise<void> => {
  const states = await connect(indexedDbRecords(name, platformRuntime())).transact((rows) =>
    list(rows, 'state'),
  );
  // Without a site no page left anything, or consent was denied.
  const sites = states.flatMap(([key, value]) => (key[1] === 'site' ? [value as Site] : []));
  const delivered = await Promise.allSettled(sites.map((site) => deliverTo(site, name)));
  for (const outcome of delivered) if (outcome.status === 'rejected') throw outcome.reason;
};

const PREFIX = syncTag('');

addEventListener('sync', (event) => {
  const { tag } = event as SyncEvent;
  if (tag.startsWith(PREFIX)) (event as SyncEvent).waitUntil(deliver(tag.slice(PREFIX.length)));
});
