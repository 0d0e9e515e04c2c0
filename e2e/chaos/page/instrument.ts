/** Watches the product from outside: events, storage, requests, the page's life and what harms it. It loads first. */
import { doingOf } from './doing.js';
import { askClock, numberOf, settings, tab, tell, trueNow } from './settings.js';
import type { OfferEvent, RowVerdict, StoredEntry } from './types.js';

let clockMs = 0;
/** Follows the machine's clock; the product takes `Date.now` at its start, so it has to be this one. */
const setClock = (aheadMs: number): void => {
  const byMs = aheadMs - clockMs;
  if (!byMs) return;
  clockMs = aheadMs;
  tell({ kind: 'clock', byMs, names: [tab] });
};
/** Asks what the machine's clock says. */
export const followClock = (): void => setClock(askClock());
Date.now = () => trueNow() + clockMs;

tell({ kind: 'opened', tab, watches: ['errors', 'rejections', 'console'] });
setClock(settings.clockMs);
// The clock may have moved while the page slept or was in the cache.
for (const target of [document, window])
  target.addEventListener(target === document ? 'resume' : 'pageshow', followClock, { capture: true });

const changeOf = { visible: 'visible', hidden: 'hidden' } as const;
document.addEventListener('visibilitychange', () =>
  tell({ kind: 'page', tab, change: changeOf[document.visibilityState] }),
);
for (const [type, change] of [
  ['freeze', 'frozen'],
  ['resume', 'thawed'],
  ['online', 'online'],
  ['offline', 'offline'],
] as const) {
  const target = type === 'freeze' || type === 'resume' ? document : window;
  target.addEventListener(type, () => tell({ kind: 'page', tab, change }), { capture: true });
}

for (const type of ['pagehide', 'pageshow'] as const) {
  // In the cache a page sleeps, and perhaps never wakes.
  const change = { pagehide: 'frozen', pageshow: 'thawed' } as const;
  const tellChange = ({ persisted }: PageTransitionEvent): void => {
    if (type === 'pagehide') tell({ kind: 'page', tab, change: 'pagehide' });
    if (persisted) tell({ kind: 'page', tab, change: change[type] });
    else if (type === 'pagehide') tell({ kind: 'page', tab, change: 'closed' });
  };
  window.addEventListener(type, tellChange, { capture: true });
}

window.addEventListener('error', ({ message }) => tell({ kind: 'harm', tab, what: 'error', text: message }));
window.addEventListener('unhandledrejection', ({ reason }) =>
  tell({ kind: 'harm', tab, what: 'rejection', text: String(reason) }),
);
const MOST_CONSOLE = 30;
let written = 0;
for (const level of ['log', 'warn', 'error'] as const) {
  const original = console[level].bind(console);
  console[level] = (...given: unknown[]) => {
    if (++written === MOST_CONSOLE)
      tell({ kind: 'harm', tab, what: 'console-flood', text: String(given[0]) });
    original(...given);
  };
}

for (const type of ['offersight:viewed', 'offersight:dismissed'] as const) {
  window.addEventListener(
    type,
    (announced) => {
      const { detail } = announced as CustomEvent<OfferEvent>;
      const { id, type: happened, offerId, impressionId, expiresAt } = detail;
      // Not what the product says of these: a product that says nothing would agree with itself.
      const { group, reason } = doingOf(offerId);
      const about = { id, type: happened, offerId, impressionId, tab, expiresAt, group };
      tell({ kind: 'created', ...about, ...(happened === 'dismissed' && { reason }) });
    },
    { capture: true },
  );
}

/** No more transactions than this begin in a millisecond. */
const MOST_PER_MS = 1_000;
/** A store beside the product's. Its key generator counts the transactions in the order in which they took effect. */
const ORDER = 'order';
const { open } = IDBFactory.prototype;
IDBFactory.prototype.open = function (...given) {
  const request = open.apply(this, given);
  request.addEventListener('upgradeneeded', () => {
    const store = request.result.createObjectStore(ORDER, { autoIncrement: true });
    // The numbers of a database that replaces another one continue behind those of the other.
    store.put(0, trueNow() * MOST_PER_MS);
  });
  return request;
};

/** A database that leaves a transaction without an answer for longer is as good as blocked, milliseconds. */
const STALL_MS = 1_000;
interface Change {
  readonly since: number;
  readonly rows: Parameters<typeof tell>;
}
/** What one transaction does, written down when it is complete. */
const changes = new Map<IDBTransaction, Change>();
/** The product cannot make the machine's disk faster. */
const tellStall = (pending: Iterable<Change>): void => {
  for (const { since } of pending) {
    const ms = trueNow() - since;
    if (ms < STALL_MS) continue;
    tell({ kind: 'fault', where: 'storage', what: `no answer for ${ms} ms`, target: tab });
    return;
  }
};
/** A page that sleeps may never learn that a transaction is complete. */
const tellUnheard = (): void => {
  const rows = [...changes.values()].flatMap(({ rows: noted }) => noted);
  const ids = rows.flatMap((row) => (row.kind === 'removed' ? row.id : []));
  if (ids.length) tell({ kind: 'unheard', tab, ids });
  tellStall(changes.values());
};
window.addEventListener('pagehide', tellUnheard, { capture: true });
document.addEventListener('freeze', tellUnheard, { capture: true });
const noted = (store: IDBObjectStore, key: unknown, value?: unknown): void => {
  const list = changes.get(store.transaction)?.rows;
  const [shelf, id] = Array.isArray(key) ? (key as unknown[]) : [];
  if (!list || typeof id !== 'string') return;
  if (shelf === 'state' && id === 'pause' && value) {
    const { kind: pause, at: until } = value as {
      kind: 'none' | 'back-off' | 'throttled' | 'circuit';
      at: number;
    };
    list.push({ kind: 'paused', tab, pause, until });
  }
  if (shelf !== 'entry' && shelf !== 'dead') return;
  if (value) list.push({ kind: 'put', shelf, id, tab, token: (value as StoredEntry).lease?.token });
  else list.push({ kind: 'removed', shelf, id, tab });
};
const { transaction } = IDBDatabase.prototype;
IDBDatabase.prototype.transaction = function (names, mode, options) {
  const isOrdered = mode === 'readwrite' && this.objectStoreNames.contains(ORDER);
  const begun = transaction.call(
    this,
    isOrdered ? [...(typeof names === 'string' ? [names] : names), ORDER] : names,
    mode,
    options,
  );
  const list: Parameters<typeof tell> = [];
  const since = trueNow();
  changes.set(begun, { since, rows: list });
  const numbered = isOrdered ? begun.objectStore(ORDER).add(0) : undefined;
  begun.addEventListener('abort', () => {
    changes.delete(begun);
    tellStall([{ since, rows: list }]);
  });
  begun.addEventListener('complete', () => {
    changes.delete(begun);
    if (list.length) tell(...list.map((row) => ({ ...row, since, order: numbered?.result })));
  });
  return begun;
};
const { put, delete: remove } = IDBObjectStore.prototype;
IDBFactory.prototype.deleteDatabase = (name) => {
  tell({ kind: 'harm', tab, what: 'error', text: `deletes the database ${name}` });
  throw new Error('nobody may delete a database');
};
/** More than the little by which the browser lets an origin exceed its quota. */
const BALLAST = 4_000_000;
let refusals = 0;
/** So many of the next transactions that write an entry ask for more room than there is, if there is a quota. */
export const fill = (count: number): void => {
  refusals = count;
};
IDBObjectStore.prototype.put = function (value, key) {
  if (refusals > 0 && Array.isArray(key) && key[0] === 'entry') {
    refusals--;
    put.call(this, 'x'.repeat(BALLAST), 'ballast');
  }
  noted(this, key, value);
  return put.call(this, value, key);
};
IDBObjectStore.prototype.delete = function (key) {
  noted(this, key);
  return remove.call(this, key);
};

/** The verdicts of a reply, if it is valid. The test reads them by itself, without the product's code. */
const verdictsOf = (response: Response, text: string): Record<string, RowVerdict> | undefined => {
  if (response.status !== 200 || response.redirected) return undefined;
  try {
    const reply = JSON.parse(text) as {
      v?: unknown;
      results?: { id: string; status: RowVerdict['kind']; code?: string }[];
    };
    if (reply.v !== 1 || !Array.isArray(reply.results)) return undefined;
    return Object.fromEntries(reply.results.map(({ id, status, code }) => [id, { kind: status, code }]));
  } catch {
    return undefined;
  }
};

const ENDPOINT = new URL('/offer-events', location.href).href;
const originalFetch = window.fetch.bind(window);
let requests = 0;
let refusedWithKeepalive = '';
window.fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : new URL(String(input), location.href).href;
  if (url !== ENDPOINT) return originalFetch(input, init);
  const body = input instanceof Request ? await input.clone().text() : (init?.body as string);
  const { events } = JSON.parse(body) as { events: { id: string }[] };
  const ids = events.map(({ id }) => id);
  const number = numberOf(requests++);
  const isKeptAlive = input instanceof Request ? input.keepalive : init?.keepalive === true;
  const isFarewell = !(input instanceof Request) && !init?.signal;
  const isRepeat = refusedWithKeepalive === ids.join();
  // A farewell may come in between, and changes nothing about that.
  if (!isFarewell) refusedWithKeepalive = '';
  const contents = Object.fromEntries(
    events.map((event) => [
      event.id,
      JSON.stringify({ ...event, group: undefined, reason: undefined, may_be_known: undefined }),
    ]),
  );
  // A database that still owes an answer may do so for longer than this request takes.
  tellStall(changes.values());
  tell({ kind: 'requested', number, tab, ids, isFarewell, ...(isRepeat && { isRepeat }), contents });
  try {
    const response = await originalFetch(input, init);
    const text = await response
      .clone()
      .text()
      .catch(() => undefined);
    // To the product, a reply that breaks off looks as if the browser had refused the request.
    if (text === undefined && isKeptAlive && !isFarewell) refusedWithKeepalive = ids.join();
    const verdicts = text === undefined ? undefined : verdictsOf(response, text);
    const status = text === undefined ? undefined : response.status;
    const seconds = Number(response.headers.get('retry-after') ?? 0);
    const retryAfterMs = seconds > 0 ? seconds * 1_000 : undefined;
    tell({ kind: 'answered', number, tab, status, retryAfterMs, ...(verdicts && { verdicts }) });
    return response;
  } catch (cause) {
    if (isKeptAlive && !isFarewell) refusedWithKeepalive = ids.join();
    tell({ kind: 'answered', number, tab });
    throw cause;
  }
};
