/** The measured page: shows offers on command and looks at its clock. Runs in the browser. */
import { createOfferTracker, type OfferEvent } from 'offersight';
import { openBare } from './bare.js';
import { elementsOf } from './stage.js';
import { afterTask, watchTransactions } from './tasks.js';
import type { BenchPage, Durable } from './words.js';

const settings = new URLSearchParams(location.search);
/** As long as the far observer may be late, and some frames. */
const KNOWN_MS = 300;

const transactions = watchTransactions();
const announcedAt = new Map<string, number>();
const durableAt = new Map<string, number>();
let last: OfferEvent[] = [];
let missing = 0;
let onAll = (): void => undefined;
let onFirst = (): void => undefined;

for (const type of ['viewed', 'dismissed'])
  document.addEventListener(
    `offersight:${type}`,
    (announced) => {
      onFirst();
      onFirst = () => undefined;
      announcedAt.set((announced as CustomEvent<OfferEvent>).detail.id, performance.now());
    },
    { capture: true },
  );

const flush = settings.get('flush');
const tracker = createOfferTracker({
  endpoint: '/offer-events',
  ...(flush && { delivery: { flushIntervalMs: Number(flush) } }),
  onEvent(event) {
    durableAt.set(event.id, performance.now());
    last.push(event);
    if (--missing === 0) onAll();
  },
});

/** Does something that records so many events; resolves when they are durable. */
const untilDurable = (count: number, act: () => void): Promise<void> =>
  new Promise((resolve) => {
    missing = count;
    last = [];
    onAll = resolve;
    act();
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const tookMs = ({ id }: OfferEvent): number => (durableAt.get(id) ?? NaN) - (announcedAt.get(id) ?? NaN);

let groups: HTMLElement[] = [];
let next = 0;

const bench: BenchPage = {
  async mount(idsByGroup) {
    const stage = document.createElement('main');
    groups = idsByGroup.map((ids) => elementsOf(ids));
    next = 0;
    stage.append(...groups);
    document.body.replaceChildren(stage);
    await tracker.stats();
    await pause(KNOWN_MS);
  },

  async show() {
    const group = groups[next++];
    if (!group) throw new Error('everything is shown already');
    await untilDurable(group.childElementCount, () => group.classList.add('shown'));
    return last.map((event): Durable => ({ id: event.id, at: Date.now(), tookMs: tookMs(event) }));
  },

  async trickle(everyMs) {
    const rest = groups.slice(next);
    const events = rest.reduce((sum, group) => sum + group.childElementCount, 0);
    next = groups.length;
    await untilDurable(events, () => {
      // The clock decides, since waiting for each event would slow down the pace.
      for (const [index, group] of rest.entries())
        setTimeout(() => group.classList.add('shown'), index * everyMs);
    });
  },

  async commits(count) {
    const bare = await openBare();
    const times = { ours: [] as number[], bare: [] as number[] };
    const one = async (): Promise<void> => {
      for (const durable of await bench.show()) times.ours.push(durable.tookMs);
    };
    await one();
    times.ours.pop();
    for (let turn = 0; turn < count; turn++) {
      const [event] = last;
      if (!event) throw new Error('nothing was recorded');
      if (turn % 2) await one();
      times.bare.push(await bare.put(event));
      if (!(turn % 2)) await one();
    }
    return times;
  },

  async tick(kind) {
    const before = transactions.count();
    let makeMs = NaN;
    let confirmMs = NaN;
    transactions.onComplete(() => void afterTask().then((ms) => (confirmMs = ms)));
    const isSeen = kind === 'seen';
    if (isSeen) onFirst = () => void afterTask().then((ms) => (makeMs = ms));
    const ids = last.map(({ offerId }) => offerId);
    await untilDurable(isSeen ? (groups[next]?.childElementCount ?? 0) : ids.length, () => {
      if (isSeen) groups[next++]?.classList.add('shown');
      else {
        void afterTask().then((ms) => (makeMs = ms));
        for (const id of ids) tracker.dismiss(id);
      }
    });
    const begun = transactions.count() - before;
    await afterTask();
    return { events: last.length, makeMs, confirmMs, transactions: begun };
  },

  async post() {
    const ended = afterTask();
    const body = JSON.stringify({
      v: 1,
      sent_at: Date.now(),
      events: last.map(({ id, type, offerId, occurredAt }) => ({
        id,
        type,
        personalized_offer_id: offerId,
        occurred_at: occurredAt,
      })),
    });
    const posted = fetch('/sink', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    const ms = await ended;
    await (await posted).text();
    return ms;
  },

  putAll: async () => (await openBare()).putAll(last),
  flush: tracker.flush,
  transactions: transactions.count,
  waiting: async () => (await tracker.stats()).outbox?.waiting ?? NaN,
};
Object.assign(window, { bench });
