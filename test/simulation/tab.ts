/** One page of the browser: the client's real rooms. Its clock, network and database freeze and die with it. */

import type { FlusherOptions } from '../../src/client/later/delivery/flusher.js';
import type { DiscardReason } from '../../src/client/later/outbox/giving-up.js';
import type { LeasingOptions } from '../../src/client/later/outbox/remembering.js';
import type { PageDelivery } from '../../src/client/later/page-delivery.js';
import type { Consent } from '../../src/client/outbox/outbox.js';
import type { Page, PageChange } from '../../src/client/page.js';
import type { OffersightError } from '../../src/errors.js';
import type { DismissReason, OfferEvent, OfferEventType } from '../../src/protocol/event.js';
import type { Runtime, Stop } from '../../src/runtime.js';
import { createChance } from './chance.js';
import { openChannel } from './channels.js';
import { type Clock, START } from './clock.js';
import type { Disk } from './disk.js';
import type { Network, Poster } from './network.js';
import type { Recorder } from './recorder.js';
import type { Rooms } from './rooms.js';

/** What a page is opened with. */
export interface TabSetting {
  readonly rooms: Rooms;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly disk: Disk;
  readonly network: Network;
  readonly seed: number;
  readonly endpoint: string;
  readonly options: LeasingOptions & FlusherOptions;
  /** How far the machine's clock is ahead of the true one, milliseconds. */
  readonly offset: () => number;
  readonly subject: string | undefined;
  readonly onDeath: (tab: Tab) => void;
  /** Sends ids to the other pages of the browser. */
  readonly tell: (from: Tab, ids: readonly string[]) => void;
}

/** A page. */
export interface Tab extends Poster {
  readonly isFrozen: boolean;
  /** What the page reported about delivery. */
  readonly reports: OffersightError[];
  /** Lets the user see an offer. */
  view(
    offerId: string,
    options?: {
      readonly isOnce?: boolean;
      readonly lifeMs?: number | undefined;
      readonly group?: string | undefined;
      /** How it will be closed. @default 'control' */
      readonly reason?: DismissReason;
    },
  ): void;
  /** Closes what was seen here and is not closed yet, the oldest first. */
  dismiss(): void;
  flush(): void;
  consent(state: Consent): void;
  subject(subject: string | undefined): void;
  change(change: PageChange): void;
  freeze(): void;
  thaw(): void;
  close(): void;
  /** Keeps it busy with tasks of this length. Between two of them it does a little of what waits. */
  busy(taskMs: number, tasks: number): void;
  /** Receives ids from another page. */
  hear(ids: readonly string[]): void;
  /** Dies at its n-th operation from now, 0 for at once. */
  crash(operations: number): void;
  stats(): Promise<{ readonly waiting: number }>;
}

interface Impression {
  readonly impressionId: string;
  readonly offerId: string;
  readonly isOnce: boolean;
  readonly expiresAt: number | undefined;
  readonly group: string | undefined;
  readonly reason: DismissReason;
}

/** Opens a page. */
export const openTab = (setting: TabSetting, name: string): Tab => {
  const { rooms, clock, recorder, disk, network, seed, endpoint, options, offset, onDeath } = setting;
  const { write } = recorder;
  const chance = createChance(seed, name);
  const stops = new Set<Stop>();
  const frozen: (() => void)[] = [];
  const listeners: ((change: PageChange) => void)[] = [];
  const captured = new Map<string, ((event: Event) => void)[]>();
  const shown: Impression[] = [];
  const reports: OffersightError[] = [];
  let dueAt = Infinity;
  let isDead = false;
  let isFrozen = false;
  /** Ends when the last of the tasks that keep the page busy ends. */
  let isBusy = false;
  /** Tasks that wait behind one that keeps the page busy; timers that are due come first. */
  const late: Record<'timers' | 'others', (() => void)[]> = { timers: [], others: [] };

  const end = (): void => {
    isDead = true;
    for (const stop of stops) stop();
    frozen.length = late.timers.length = late.others.length = 0;
    disk.onDeath(name);
    onDeath(tab);
  };

  const run = (task: () => void, queue: keyof typeof late = 'others'): void => {
    if (isDead) return;
    if (isFrozen) frozen.push(task);
    else if (isBusy) late[queue].push(task);
    else task();
  };
  const after: Runtime['after'] = (delayMs, task) => {
    const stop = clock.after(delayMs, () => {
      stops.delete(stop);
      run(() => {
        if (!isStopped) task();
      }, 'timers');
    });
    let isStopped = false;
    stops.add(stop);
    return () => {
      isStopped = true;
      stops.delete(stop);
      stop();
    };
  };

  /** Held, since Node collects a request's signal (https://github.com/nodejs/undici/issues/4068); browsers do not. */
  const requests = new Set<Request>();
  const post: typeof fetch = async (input, init) => {
    // What a Request would hide is read from its arguments, if that is possible.
    const request = input instanceof Request ? input : undefined;
    if (request) requests.add(request);
    const body = request ? await request.text() : (init?.body as string);
    tab.onDoor();
    if (isDead) return new Promise(() => undefined);
    return network.post(tab, {
      endpoint: request?.url ?? (input as string),
      body,
      signal: request?.signal ?? init?.signal ?? undefined,
      isKeptAlive: request?.keepalive ?? init?.keepalive ?? false,
      // Only the farewell is sent without a Request.
      isFarewell: !request,
    });
  };

  const runtime: Runtime = {
    now: () => Math.floor(START + clock.elapsed + offset()),
    elapsed: () => clock.elapsed,
    after,
    random: chance.next,
    randomBits: chance.bits,
    fetch: post,
  };

  const page: Page = {
    isVisible: () => true,
    listen: (listener) => void listeners.push(listener),
    capture(types, listener) {
      for (const type of types)
        captured.set(type, [...(captured.get(type) ?? []), listener as (event: Event) => void]);
    },
    stop: () => undefined,
  };
  const fire = (type: string): void => {
    for (const listener of captured.get(type) ?? []) listener({ type } as Event);
  };

  /** An unhandled rejection in a page is reported to the page. */
  const safely = (promise: Promise<unknown>): void => {
    promise.catch((cause: unknown) =>
      write({ kind: 'harm', tab: name, what: 'rejection', text: String(cause) }),
    );
  };

  const tab: Tab = {
    name,
    now: () => runtime.now(),
    get isDenied() {
      return owner.consent === 'denied';
    },
    chance,
    reports,
    keptBytes: 0,
    unreadBytes: 0,
    refusedBody: undefined,
    get isDead() {
      return isDead;
    },
    get isFrozen() {
      return isFrozen;
    },
    run,
    onDoor() {
      if (isDead || --dueAt >= 0) return;
      write({ kind: 'killed', what: 'renderer', names: [name] });
      end();
    },
    view(offerId, { isOnce = false, lifeMs, group, reason = 'control' } = {}) {
      run(() => {
        const impression = {
          impressionId: newId(),
          offerId,
          isOnce,
          // The billing system says it, by its own clock.
          expiresAt: lifeMs === undefined ? undefined : START + clock.elapsed + lifeMs,
          group,
          reason,
        };
        shown.push(impression);
        record('viewed', impression);
      });
    },
    dismiss() {
      run(() => {
        const impression = shown.shift();
        if (impression) record('dismissed', impression);
      });
    },
    flush: () =>
      run(() => {
        write({ kind: 'page', tab: name, change: 'flush' });
        safely(loaded.then((arrived) => arrived.flush()));
      }),
    consent(state) {
      run(() => {
        owner.consent = state;
        write({ kind: 'consent', tab: name, state });
        decide();
      });
    },
    subject(subject) {
      run(() => {
        owner.subject = subject;
        write({ kind: 'subject', tab: name, subject });
        decide();
      });
    },
    busy(taskMs, tasks) {
      if (isDead || isFrozen || isBusy || tasks === 0) return;
      write({ kind: 'busy', tab: name, taskMs });
      isBusy = true;
      clock.after(taskMs, () => {
        isBusy = false;
        run(() => late.timers.shift()?.());
        // Between two tasks the page does a little of what waits.
        clock.after(0, () => {
          run(() => late.others.shift()?.());
          clock.after(0, () => {
            if (tasks > 1) tab.busy(taskMs, tasks - 1);
            else
              for (const task of [...late.timers.splice(0), ...late.others.splice(0)])
                clock.after(0, () => run(task));
          });
        });
      });
    },
    hear: (ids) =>
      run(() => {
        // An event that another page has delivered counted, so it was not a repeat.
        for (const id of ids) once.delete(id);
        channel.hear(ids);
      }),
    change(change) {
      if (isDead || isFrozen) return;
      write({ kind: 'page', tab: name, change });
      if (change === 'pagehide') fire('pagehide');
      for (const listener of listeners) listener(change);
    },
    freeze() {
      if (isDead || isFrozen) return;
      fire('freeze');
      write({ kind: 'page', tab: name, change: 'frozen' });
      // The event's own task and its microtasks still run.
      clock.after(0, () => {
        isFrozen = true;
      });
    },
    thaw() {
      if (isDead || !isFrozen) return;
      isFrozen = false;
      write({ kind: 'page', tab: name, change: 'thawed' });
      for (const task of frozen.splice(0)) clock.after(0, () => run(task));
      clock.after(0, () => tab.change('visible'));
    },
    close() {
      if (isDead) return;
      if (!isFrozen) {
        tab.change('hidden');
        tab.change('pagehide');
      }
      // The document lives as long as its tasks. After that nothing of it runs.
      clock.after(chance.whole(0, 5), () => {
        if (isDead) return;
        write({ kind: 'page', tab: name, change: 'closed' });
        end();
      });
    },
    crash(operations) {
      dueAt = operations;
      if (operations === 0) tab.onDoor();
    },
    stats: () => loaded.then((arrived) => arrived.stats()),
  };
  write({ kind: 'opened', tab: name, endpoint, watches: ['errors', 'rejections'] });

  const newId = rooms.createIds(runtime);
  const database = disk.give(tab);
  const channel = openChannel(database, (ids) => setting.tell(tab, ids));
  const owner: { subject: string | undefined; consent: Consent } = {
    subject: setting.subject,
    consent: 'granted',
  };
  const outbox = rooms.createOutbox(rooms.indexedDbRecords(database, runtime), runtime, endpoint, owner);
  /** The events that a commit may find to be known already. */
  const once = new Set<string>();
  const store = outbox.commit;
  outbox.commit = async () => {
    try {
      await store();
    } finally {
      // Also if it fails: what the page has in memory is known, and may be given up before the next one succeeds.
      for (const id of once) {
        if (outbox.mirror.has(id)) continue;
        write({ kind: 'declined', id, tab: name, why: 'known' });
        once.delete(id);
      }
    }
  };
  const onRecorded = ({ id }: OfferEvent, isDurable: boolean): void => {
    // The microtasks of a dead page still run here. Nobody may hear what they do.
    if (isDead) return;
    once.delete(id);
    write({ kind: 'committed', id, tab: name, ...(!isDurable && { store: `memory ${name}` }) });
  };
  const onDiscard = (
    event: OfferEvent | undefined,
    reason: DiscardReason,
    code: string | undefined,
  ): void => {
    if (!event || isDead) return;
    once.delete(event.id);
    write({ kind: 'discarded', id: event.id, tab: name, reason, code });
  };
  const report = (error: OffersightError): void => void reports.push(error);

  // As client/seer.ts and client/later/offer-part.ts compose them, without the offers. What delivers comes a moment later.
  let there: PageDelivery | undefined;
  let onThere: (delivery: PageDelivery) => void = () => undefined;
  const loaded = new Promise<PageDelivery>((resolve) => {
    onThere = resolve;
  });
  after(chance.whole(0, 300), () => {
    there = rooms.createPageDelivery({
      ...{ outbox, owner, page, runtime, report, onRecorded, onDiscard },
      options: { endpoint, name: database, isLocal: false, outbox: options, delivery: options },
      onPause: () => undefined,
      onLeave: () => undefined,
    });
    onThere(there);
  });
  const decide = (): void => {
    const { consent } = owner;
    const copies = [...outbox.mirror.values()];
    if (consent === 'denied') outbox.mirror.clear();
    safely(loaded.then((arrived) => arrived.onDecided(consent, copies)));
    if (!there && newest) void commit(newest);
  };
  const subjects = new Map<string, string | undefined>();
  let newest: OfferEvent | undefined;
  // The same as the seer does (client/seer.ts).
  const commit = async (event: OfferEvent): Promise<void> => {
    if (event !== newest || owner.consent !== 'granted') return;
    await outbox.commit().catch(() => undefined);
    there?.onCommitted();
  };
  const record = (type: OfferEventType, impression: Impression): void => {
    const { impressionId, offerId, isOnce, expiresAt, group, reason } = impression;
    if (owner.consent === 'denied') return;
    // The impression stays that of the same user.
    if (!subjects.has(impressionId)) subjects.set(impressionId, owner.subject);
    const subject = subjects.get(impressionId);
    const about = {
      id: newId(),
      offerId,
      occurredAt: runtime.now(),
      impressionId,
      expiresAt,
      subject,
      group,
    };
    const event: OfferEvent = type === 'viewed' ? { type, ...about } : { type, reason, ...about };
    const { occurredAt: _, ...told } = about;
    write({ kind: 'created', ...told, type, tab: name, ...(type === 'dismissed' && { reason }) });
    if (isOnce) once.add(event.id);
    outbox.add(event, isOnce);
    newest = event;
    queueMicrotask(() => safely(commit(event)));
  };
  return tab;
};
