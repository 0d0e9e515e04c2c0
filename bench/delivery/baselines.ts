/**
 * The usual techniques of delivery, each as it is usually written and no worse: only a beacon, an array in memory with
 * retries, or a store that is emptied before the answer is there. They post the same wire format as ours, at once
 * instead of after 250 ms, and take every 2xx for a success. A repeated event keeps its id. This does not help, because
 * their endpoint, like the usual ones, does not know ids. Runs in the page.
 */
import type { WireEvent, WireRequest } from '../../src/protocol/batch.js';
import type { Contender, Technique } from './words.js';

const ENDPOINT = '/collect';
const TYPE = 'application/json';

const eventOf = (offerId: string): WireEvent => ({
  id: crypto.randomUUID(),
  type: 'viewed',
  personalized_offer_id: offerId,
  occurred_at: Date.now(),
});

const bodyOf = (events: readonly WireEvent[]): string =>
  JSON.stringify({ v: 1, sent_at: Date.now(), events } satisfies WireRequest);

/** Posts so that the request survives the end of the page. */
const post = async (events: readonly WireEvent[]): Promise<boolean> => {
  try {
    const body = bodyOf(events);
    const response = await fetch(ENDPOINT, {
      method: 'POST',
      headers: { 'content-type': TYPE },
      body,
      keepalive: true,
    });
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
};

/** Sends every event at once, by itself, and forgets it. */
const beacon = (): Technique => ({
  create(offerId) {
    navigator.sendBeacon(ENDPOINT, new Blob([bodyOf([eventOf(offerId)])], { type: TYPE }));
  },
  waiting: () => 0,
});

/** Posts one batch at a time, and after a failure waits for 1 s, 2 s, 4 s … up to 30 s. */
const retrying = (
  take: () => readonly WireEvent[],
  end: (batch: readonly WireEvent[], isTaken: boolean) => void,
) => {
  let isBusy = false;
  let failures = 0;
  const run = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    for (let batch = take(); batch.length; batch = take()) {
      const isTaken = await post(batch);
      end(batch, isTaken);
      failures = isTaken ? 0 : failures + 1;
      if (!isTaken)
        await new Promise((resolve) => setTimeout(resolve, Math.min(30, 2 ** (failures - 1)) * 1_000));
    }
    isBusy = false;
  };
  return run;
};

/** Keeps events in an array until a post succeeds. They are gone with the page. */
const memory = (): Technique => {
  let held: WireEvent[] = [];
  const run = retrying(
    () => [...held],
    (batch, isTaken) => {
      if (isTaken) held = held.filter((event) => !batch.includes(event));
    },
  );
  return {
    create(offerId) {
      held.push(eventOf(offerId));
      void run();
    },
    waiting: () => held.length,
  };
};

/** Keeps events in localStorage, takes them out to post them, and puts them back if that fails. */
const deleteFirst = (): Technique => {
  const read = (): WireEvent[] => JSON.parse(localStorage.getItem('events') ?? '[]') as WireEvent[];
  const write = (events: readonly WireEvent[]): void =>
    localStorage.setItem('events', JSON.stringify(events));
  const run = retrying(
    () => {
      const batch = read();
      write([]);
      return batch;
    },
    (batch, isTaken) => {
      if (!isTaken) write([...batch, ...read()]);
    },
  );
  // An earlier page may have left events.
  void run();
  return {
    create(offerId) {
      write([...read(), eventOf(offerId)]);
      void run();
    },
    waiting: () => read().length,
  };
};

/** By name. */
export const BASELINES: Readonly<Record<Exclude<Contender, 'offersight'>, () => Technique>> = {
  beacon,
  memory,
  'delete-first': deleteFirst,
};
