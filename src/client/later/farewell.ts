/**
 * The farewell: when the page may never come back, one keepalive POST takes along what is unsettled. The entries
 * stay until a verdict names them. Never sendBeacon: it says true while offline.
 */
import { encodeRequest } from '../../protocol/encode.js';
import type { OfferEvent } from '../../protocol/event.js';
import { MAX_EVENT_BYTES, MAX_LEAVE_BYTES } from '../../protocol/limits.js';
import { MAX_RETENTION_MS } from '../../protocol/retention.js';
import type { Runtime } from '../../runtime.js';
import type { Mirrored, Outbox, Owner } from '../outbox/outbox.js';
import type { Page } from '../page.js';

/**
 * What the farewell would say now, oldest first.
 * @param outbox Its keepalive bytes in flight take room from the request's body.
 * @param owner Who has the page now: nothing of another one, and nothing without consent.
 * @param said The ids that went already since the page was last visible.
 */
export const unsettled = (
  { mirror, lost, inFlight }: Pick<Outbox, 'mirror' | 'lost' | 'inFlight'>,
  { consent, subject }: Owner,
  said: ReadonlySet<string>,
  now: number,
): OfferEvent[] => {
  if (consent !== 'granted') return [];
  const isFresh = ({ event, heldUntil }: Mirrored): boolean =>
    !said.has(event.id) &&
    heldUntil <= now &&
    (event.subject ?? subject) === subject &&
    !lost.has(event.impressionId);
  const mirrored = [...mirror.values()];
  const impressions = new Set(mirrored.filter(isFresh).map(({ event }) => event.impressionId));
  return (
    mirrored
      // A dismissal needs its view upstream before it, so an unsettled view goes along, though leased or sent.
      .filter(
        (copy) => isFresh(copy) || (copy.event.type === 'viewed' && impressions.has(copy.event.impressionId)),
      )
      .slice(0, Math.max(1, (MAX_LEAVE_BYTES - inFlight) / MAX_EVENT_BYTES) - 1)
      .map(({ event }) => event)
  );
};

/** What a farewell works with. */
export interface FarewellContext {
  readonly outbox: Outbox;
  readonly page: Page;
  readonly runtime: Pick<Runtime, 'now' | 'fetch'>;
  readonly owner: Owner;
}

/**
 * Says farewell whenever the page is hidden or left.
 * @param onLeave Called when the page is left, for what happens by that; what it records at once goes along.
 * @param onReply Given the events, and the reply's status and body if the page lives on.
 */
export const createFarewell = (
  { outbox, page, runtime, owner }: FarewellContext,
  onLeave: () => void,
  onReply: (events: readonly OfferEvent[], status: number, body: string) => unknown,
): void => {
  const said = new Set<string>();
  let hasTried = false;

  /**
   * Notes that a page which may be dying has sent these, or that it lives, and heard what became of them. Blind writes in
   * one step: a page that is left would not live to write what depends on a read.
   */
  const note = (events: readonly OfferEvent[], until?: number): Promise<void> =>
    outbox.records
      .transact(async (rows) => {
        for (const { id } of events)
          if (until) rows.put(['seen', id, 'said'], { type: 'said', until });
          else rows.delete(['seen', id, 'said']);
      })
      .catch(() => undefined);

  const say = async (): Promise<void> => {
    const now = runtime.now();
    const { kind, at } = outbox.pause;
    const isPaused = at > now && kind !== 'back-off';
    // An open circuit is tried once a page: the visitor may never come back.
    if (isPaused && (kind !== 'circuit' || hasTried)) return;
    const events = unsettled(outbox, owner, said, now);
    if (!events[0]) return;
    hasTried ||= isPaused;
    for (const { id } of events) said.add(id);
    const body = encodeRequest(events, now);
    outbox.inFlight += body.length;
    try {
      const replying = runtime.fetch(outbox.endpoint, {
        headers: { 'content-type': 'application/json' },
        method: 'POST',
        redirect: 'error',
        cache: 'no-store',
        body,
        keepalive: true,
      });
      void note(events, now + MAX_RETENTION_MS);
      const response = await replying;
      // Always read to the end: an unread body holds its share of the page's keepalive bytes for ever.
      const text = await response.text();
      // Nothing here waits for it: what settles events may have to be loaded first.
      Promise.resolve(onReply(events, response.status, text)).catch(() => undefined);
    } catch {
      // The entries are still in the outbox, and the flusher brings them.
    }
    outbox.inFlight -= body.length;
    void note(events);
  };

  page.listen((change) => {
    if (change === 'pagehide') onLeave();
    if (change === 'visible') said.clear();
    // After the commits that this task began, which bring the mirror up to date.
    else if (change !== 'online') queueMicrotask(say);
  });
};
