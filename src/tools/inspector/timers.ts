/** Timers of the tracker that never run, since code of the page clears timers that are not its own. */
import type { Watched } from '../../client/detect/exposure.js';
import type { Placement } from '../../client/detect/placement.js';
import type { Inside, PageView } from '../../client/inside.js';
import type { OutboxEntry } from '../../client/outbox/records.js';
import type { Runtime } from '../../runtime.js';
import { isNative } from './changed.js';
import { createLasting } from './lasting.js';
import type { Stored } from './stored.js';
import type { Fact } from './waiting.js';
import { counted } from './words.js';

const WHY =
  'did not run. Code of this page clears timers that are not its own, such as all in a loop: it has to clear only its own.';

/** A wrapper of fetch may keep a request for ever, also once the tracker has broken it off. */
const HELD = `code of this page has replaced window.fetch, and may keep a request that never ends: it has to pass POSTs to the endpoint on, and to let an abort end them. Or a timer of the tracker ${WHY}`;

/** A page that is busy runs a timer late, milliseconds, and after that before the inspector looks twice. */
const LATE_MS = 5_000;
const LOOKS = 2;
/** The inspector looks more often, unless the page was busy meanwhile. Then all timers need as long to run, milliseconds. */
const BUSY_MS = 1_000;
/** The database is read once a second. */
const READS = 8;
/** How long events wait for company by default, milliseconds. */
const FLUSH_MS = 250;

/**
 * Makes what says that the time of an offer was over and the tracker did not notice. It stays said: what the inspector draws makes the
 * tracker look again, so that the offer counts after all.
 */
export const createOverdue = (runtime: Pick<Runtime, 'elapsed'>) => {
  const lasting = createLasting();
  const found = new WeakSet<Element>();
  let lookedAt = Infinity;
  let busyUntil = -Infinity;
  return ({ element }: Placement, { dwell = Infinity, rule }: Partial<Watched> = {}): string[] => {
    const now = runtime.elapsed();
    if (now - lookedAt > BUSY_MS) busyUntil = now + BUSY_MS;
    lookedAt = now;
    const isOver = now > busyUntil && now - dwell > (rule?.dwellMs ?? 0) + LATE_MS;
    if (lasting(element, isOver) >= LOOKS) found.add(element);
    return found.has(element) ? [`Its time was over, and a timer of the tracker ${WHY}`] : [];
  };
};

/** What is said if the inspector's own timer was cleared. */
export const stalledFact = (): Fact => ({
  label: 'Timers',
  words: `A timer of the inspector ${WHY}`,
  isWrong: true,
});

/** Makes what says, once in each look, that events of this page are due and the tracker does not send them. */
export const createUnsent = ({ options, owner, page, isDelivering }: Inside, view: PageView) => {
  let readAt: number | undefined;
  let reads = 0;

  /** Those of this page: what another tab left here is sent by the next page that loads. */
  const dueIn = ({ entries, pause }: Stored, now: number): OutboxEntry[] => {
    const shown = new Set([...view.values()].map(({ id }) => id));
    const { flushIntervalMs = FLUSH_MS } = options.delivery ?? {};
    return entries.filter(
      ({ endpoint, event: { impressionId, occurredAt, subject }, notBeforeAt }) =>
        endpoint === options.endpoint &&
        shown.has(impressionId) &&
        (subject === undefined || subject === owner.subject) &&
        Math.max(notBeforeAt, occurredAt + flushIntervalMs, pause?.at ?? 0) < now,
    );
  };

  return (stored: Stored | undefined, now: number): Fact[] => {
    if (!stored) return [];
    const due = dueIn(stored, now);
    const isFree =
      page.isVisible() && isDelivering() && owner.consent === 'granted' && globalThis.navigator.onLine;
    const isUnderWay = stored.entries.some(({ lease }) => lease && lease.until > now);
    if (!due.length || !isFree || isUnderWay) reads = 0;
    else if (stored.readAt !== readAt) reads++;
    ({ readAt } = stored);
    return reads < READS
      ? []
      : [
          {
            label: 'Timers',
            words: `${counted(due.length, 'event is', 'events are')} due and not sent: ${isNative(globalThis.fetch) ? `a timer of the tracker ${WHY}` : HELD}`,
            isWrong: true,
          },
        ];
  };
};
