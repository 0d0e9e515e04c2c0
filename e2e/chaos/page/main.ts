/** A page of the shop under fire: its tracker, its offers, and the commands that it knows. */
import { noteDoing } from './doing.js';
import { fill, followClock } from './instrument.js';
import { settings, tab, tell } from './settings.js';
import type { ChaosPage, ChaosWindow, Dump, OfferEvent, PageTracker, StoredEntry } from './types.js';

const site = window as unknown as ChaosWindow;
/** Built by the application's own bundler, as a user's would be. */
const MODULE = '/module/index.js';
const ENDPOINT = '/offer-events';

const committed = (id: string, isDurable: boolean): void =>
  tell({ kind: 'committed', id, tab, ...(!isDurable && { store: `memory of ${tab}` }) });
const onError = (error: unknown): void => {
  const { code, message } = error as { code?: string; message?: string };
  tell({ kind: 'fault', where: 'report', what: `${code}: ${message}`, target: tab });
};

let tracker: PageTracker | undefined;
const startModule = async (): Promise<void> => {
  const { createOfferTracker } = (await import(MODULE)) as typeof import('offersight');
  tracker = createOfferTracker({
    endpoint: ENDPOINT,
    onError,
    onEvent: ({ id }: OfferEvent, isDurable) => committed(id, isDurable),
    onDiscard: ({ id }, reason, code) => tell({ kind: 'discarded', id, tab, reason, code }),
  });
};
const addScript = (): void => {
  const script = document.createElement('script');
  script.src = '/offersight.js';
  script.dataset.endpoint = ENDPOINT;
  script.dataset.dataLayer = 'chaosLayer';
  script.dataset.debug = '';
  document.head.append(script);
};

/** As many as one address may name on a day; some offers have none. */
const GROUPS = ['summer', 'winter', 'footer/banner'];

let shown = 0;
const list = document.createElement('main');
document.body.append(list);
const show = (count: number): void => {
  for (let left = count; left > 0; left--) {
    const group = GROUPS[shown % (GROUPS.length + 1)];
    const offerId = `${tab}-${shown++}`;
    noteDoing(offerId, { group });
    const marks = `data-offer-id="${offerId}" ${group ? `data-offer-group="${group}"` : ''}`;
    list.insertAdjacentHTML(
      'afterbegin',
      `<div class="offer" ${marks} data-offer-dwell="0"><button data-offer-dismiss>x</button></div>`,
    );
  }
};

const query = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('the database cannot be read'));
  });
const rangeOf = (kind: string): IDBKeyRange => IDBKeyRange.bound([kind], [kind, []]);

const dump = async (): Promise<Dump> => {
  const nothing: Dump = { entries: [], dead: [], pausedUntil: 0 };
  const known = await indexedDB.databases();
  if (!known.some(({ name }) => name === 'offersight')) return nothing;
  const database = await query(indexedDB.open('offersight'));
  if (!database.objectStoreNames.contains('offersight')) return nothing;
  const store = database.transaction('offersight').objectStore('offersight');
  const [keys, values, deadKeys, pause] = await Promise.all([
    query(store.getAllKeys(rangeOf('entry'))),
    query(store.getAll(rangeOf('entry'))) as Promise<StoredEntry[]>,
    query(store.getAllKeys(rangeOf('dead'))),
    query(store.get(['state', 'pause', new URL('/offer-events', location.href).href])) as Promise<
      { at: number } | undefined
    >,
  ]);
  database.close();
  const idOf = (key: IDBValidKey): string => String((key as string[])[1]);
  return {
    entries: keys.map((key, index) => ({
      id: idOf(key),
      notBeforeAt: values[index]?.notBeforeAt ?? 0,
      ...(values[index]?.lease && { lease: values[index].lease }),
    })),
    dead: deadKeys.map(idOf),
    pausedUntil: pause?.at ?? 0,
  };
};

site.chaos = {
  tab,
  show,
  dismiss(count) {
    const open = [...document.querySelectorAll<HTMLElement>('.offer:not(.closed) button')].slice(0, count);
    for (const button of open) {
      button.parentElement?.classList.add('closed');
      noteDoing(button.parentElement?.dataset.offerId ?? '', { reason: 'control' });
      button.click();
    }
  },
  burst(count) {
    show(count);
    window.scrollTo(0, document.body.scrollHeight);
    requestAnimationFrame(() => window.scrollTo(0, 0));
  },
  flood(count) {
    for (let left = tracker ? count : 0; left > 0; left--) {
      const offerId = `${tab}-${shown++}`;
      noteDoing(offerId, { reason: 'api' });
      tracker?.dismiss(offerId);
    }
  },
  hog() {
    for (let left = 2; left > 0; left--) {
      const body = 'x'.repeat(30_000);
      fetch('/slow', { method: 'POST', keepalive: true, body }).catch(() => undefined);
    }
  },
  train(taskMs, tasks) {
    const endsAt = performance.now() + taskMs;
    while (performance.now() < endsAt);
    // A close before the tracker has loaded would go unnoticed.
    const open = tracker ? document.querySelectorAll('.offer:not(.closed)').length : 0;
    site.chaos?.dismiss(Math.ceil(open / tasks));
    if (tasks > 1) setTimeout(() => site.chaos?.train(taskMs, tasks - 1));
  },
  again: addScript,
  followClock,
  fill,
  async waiting() {
    // Without the offer part this is unknown, and events that the database did not take wait for that load.
    return tracker ? ((await tracker.stats()).outbox?.waiting ?? 1) : undefined;
  },
  dump,
  async work(lie) {
    if (lie === 'none') {
      for (const registration of await navigator.serviceWorker.getRegistrations())
        await registration.unregister();
    } else await navigator.serviceWorker.register(`/worker-${lie}.js`);
  },
} satisfies ChaosPage;

show(settings.offers);
if (settings.train) site.chaos.train(settings.train.taskMs, settings.train.tasks);
if (settings.looks) {
  // A browser that was killed may not be able to read its database, and begins with an empty one. Then this fails once.
  // The product cannot delete a database, and an entry that is still there after all would be reported as a ghost.
  const known = await indexedDB.databases().catch(() => []);
  if (!known.some(({ name }) => name === 'offersight')) tell({ kind: 'wiped', what: 'outbox' });
}
site.chaosLayer = { push: ({ event_id: id, is_durable: isDurable }) => committed(id, isDurable) };
if (settings.flavour === 'script') {
  const { error } = console;
  console.error = (...given: unknown[]) => {
    if ((given[0] as { code?: string } | undefined)?.code) onError(given[0]);
    error(...given);
  };
  addScript();
  site.offersight ??= [] as unknown as NonNullable<ChaosWindow['offersight']>;
  site.offersight.push((started) => {
    tracker = started;
  });
} else {
  // Without a network there is no tracker on this page, and nothing to write down.
  await startModule().catch(() => undefined);
  if (settings.flavour === 'twice') {
    addScript();
    addScript();
  }
}
