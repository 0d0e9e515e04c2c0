/** One run: the setting, the nemesis's commands, healing, and the end that the checker judges. */
import { Buffer } from 'node:buffer';
import { REASONS } from '../../src/protocol/reasons.js';
import type { History, KeptEntry } from '../history/row.js';
import { createChance } from './chance.js';
import { createClock, START } from './clock.js';
import { createDisk, RETENTION_MS } from './disk.js';
import { createIntakeFile, type IntakeFile } from './intake-file.js';
import { createNetwork } from './network.js';
import { PROBES } from './probes.js';
import { CANARY_KEY, type IntakeFault, type ProxyProcess, startProxy } from './proxies.js';
import { createRecorder } from './recorder.js';
import type { Rooms } from './rooms.js';
import type { Action, Schedule } from './schedule.js';
import { openTab, type Tab } from './tab.js';
import { createUpstream, type Upstream } from './upstream.js';

/** The result of a run. */
export interface Run {
  readonly history: History;
  /** Tasks that ran. */
  readonly steps: number;
  /** Virtual time that passed, milliseconds. */
  readonly elapsed: number;
}

const MOST_TABS = 6;
const HOUR_MS = 3_600_000;
/** The longest circuit, the time of a parked event, and what their jitter adds. */
const HEALING_MS = 9 * HOUR_MS;
const LOOK_MS = 5_000;
/** The longest deadline, and the time after which a page retries its database: then its memory moves there. */
const LAST_MS = 35_000;
/** The endpoints of the origin, and the site that each reports to. */
const SITES = [
  ['https://shop.example/offer-events', 'acme-test'],
  ['https://shop.example/fr/offer-events', 'acme-fr-test'],
] as const;

/** The servers behind one endpoint. */
interface Site {
  readonly endpoint: string;
  readonly name: string;
  readonly file: IntakeFile | undefined;
  readonly upstream: Upstream;
  /** The ones that are running. */
  readonly proxies: ProxyProcess[];
}

/** Not more than one visitor may name in a day, so that each has a place. */
const GROUPS = [undefined, 'summer', 'winter', 'footer/banner'] as const;

/** What the page says of an offer by its number, and how it will be closed. */
const figuresOf = (offer: number) => ({
  group: GROUPS[offer % GROUPS.length],
  // The index is in range.
  reason: REASONS[offer % REASONS.length] as (typeof REASONS)[number],
});

const JUNK: readonly (readonly [id: string, value: unknown])[] = [
  ['019a0000-0000-7000-8000-00000000aaaa', 7],
  ['019a0000-0000-7000-8000-00000000bbbb', { v: 1 }],
  ['not an id', { v: 1, event: { id: 'other' } }],
  ['019a0000-0000-7000-8000-00000000cccc', 'x'.repeat(1_000)],
  ['019a0000-0000-7000-8000-00000000dddd', null],
];

/** Fields that only a later version has, beside its event and in it. */
const BESIDE = { isUrgent: true, route: { via: 'edge' }, hops: [1, 'two', { three: null }] };
const INSIDE = { note: 'later', score: 0.5, isPreview: false, view: { steps: [1, 2] }, none: null };

/** A process that is closing may die meanwhile, and is then no longer counted. */
const remove = <T>(from: T[], what: T): void => {
  const at = from.indexOf(what);
  if (at >= 0) from.splice(at, 1);
};

/** Runs a schedule to its end. */
export const runSchedule = async (rooms: Rooms, schedule: Schedule): Promise<Run> => {
  const { seed, keys, endpoints, maxEntries, perMinute, ambiguous } = schedule;
  const isDirect = schedule.intake === 'direct';
  const clock = createClock();
  const recorder = createRecorder(clock);
  const { write, history } = recorder;
  const sites: Site[] = [];
  for (const [endpoint, name] of SITES.slice(0, endpoints))
    sites.push({
      endpoint,
      name,
      file: isDirect ? undefined : await createIntakeFile(rooms, recorder),
      upstream: createUpstream(clock, recorder, keys, isDirect),
      proxies: [],
    });
  const disk = createDisk(clock, recorder, maxEntries);
  const tabs: Tab[] = [];
  const siteOf = (number: number): Site => sites[number % sites.length] as Site;
  const network = createNetwork(
    clock,
    recorder,
    createChance(seed, 'network'),
    (endpoint) => sites.find((site) => site.endpoint === endpoint)?.proxies ?? [],
  );
  write({ kind: 'setting', retentionMs: RETENTION_MS, maxEntries, storage: 'told' });
  let subject: string | undefined;
  let pageOffset = 0;
  let serverOffset = 0;
  let isServerClockMoved = false;
  let opened = 0;
  let started = 0;
  let intakeFaults: IntakeFault[] = [];
  const alerts: string[] = [];
  const onRejection = (cause: unknown): void =>
    write({ kind: 'harm', tab: 'somewhere', what: 'rejection', text: String(cause) });
  process.on('unhandledRejection', onRejection);

  const open = ({ endpoint }: Site): void => {
    if (tabs.length >= MOST_TABS) return;
    const tab = openTab(
      {
        rooms,
        clock,
        recorder,
        disk,
        network,
        seed,
        endpoint,
        options: { maxEntries },
        offset: () => pageOffset,
        subject,
        onDeath: (dead) => remove(tabs, dead),
        tell(from, ids) {
          for (const tab of tabs) if (tab !== from) clock.after(1, () => tab.hear(ids));
        },
      },
      `tab-${++opened}`,
    );
    tabs.push(tab);
  };
  /** Starts a process at an endpoint that lacks one. */
  const start = (): void => {
    const site = sites.find(({ proxies }) => proxies.length < schedule.proxies);
    if (!site) return;
    const { endpoint, name, file, upstream, proxies } = site;
    const proxy = startProxy(
      {
        rooms,
        clock,
        recorder,
        endpoint,
        site: name,
        file,
        upstream,
        seed,
        pace: { perMinute },
        intake: { ambiguous },
        offset: () => serverOffset,
        nextIntakeFault: () => intakeFaults.shift(),
        onDeath: (dead) => remove(proxies, dead),
        onAlert: (message) => alerts.push(message),
      },
      `proxy-${++started}`,
    );
    proxies.push(proxy);
  };
  const startAll = (): void => {
    for (let count = 0; count < schedule.proxies * sites.length; count++) start();
  };
  const tabOf = (number: number): Tab | undefined => tabs[number % Math.max(1, tabs.length)];
  const living = (): ProxyProcess[] => sites.flatMap(({ proxies }) => proxies);
  const proxyOf = (number: number): ProxyProcess | undefined =>
    living()[number % Math.max(1, living().length)];

  const pageIds = rooms.createIds({
    now: () => Math.floor(START + clock.elapsed + pageOffset),
    randomBits: createChance(seed, 'pages of other versions').bits,
  });
  /** What a page of a later version recorded before it was closed. */
  const recordLater = (offer: number, endpoint: string): void => {
    const tab = `tab-${++opened}`;
    const [type, offerId, impressionId] = ['viewed', `offer-${offer}`, pageIds()] as const;
    disk.whenFree((put) => {
      write({ kind: 'opened', tab, endpoint, watches: [] });
      const id = pageIds();
      const occurredAt = Math.floor(START + clock.elapsed + pageOffset);
      const event = { type, id, offerId, occurredAt, impressionId, subject, ...INSIDE };
      write({ kind: 'created', id, type, offerId, impressionId, tab, subject });
      put(tab, ['entry', id], { v: 1, event, notBeforeAt: 0, endpoint, ...BESIDE });
      write({ kind: 'committed', id, tab });
      write({ kind: 'page', tab, change: 'closed' });
    });
  };

  const perform = (action: Action): Promise<void> | undefined => {
    switch (action.do) {
      case 'view': {
        const { offer, many, isOnce, lifeMs } = action;
        for (let at = 0; at < many; at++)
          tabOf(action.tab)?.view(`offer-${offer + at}`, { isOnce, lifeMs, ...figuresOf(offer + at) });
        break;
      }
      case 'dismiss':
        tabOf(action.tab)?.dismiss();
        break;
      case 'flush':
        tabOf(action.tab)?.flush();
        break;
      case 'open':
        open(siteOf(action.endpoint));
        break;
      case 'close':
        tabOf(action.tab)?.close();
        break;
      case 'hide':
        tabOf(action.tab)?.change('hidden');
        break;
      case 'show':
        tabOf(action.tab)?.change('visible');
        break;
      case 'freeze':
        tabOf(action.tab)?.freeze();
        break;
      case 'thaw':
        tabOf(action.tab)?.thaw();
        break;
      case 'busy':
        tabOf(action.tab)?.busy(action.taskMs, action.tasks);
        break;
      case 'crash-tab':
        tabOf(action.tab)?.crash(action.operations);
        break;
      case 'crash-browser':
        for (const tab of [...tabs]) tab.crash(0);
        break;
      case 'offline':
        network.isOnline = false;
        write({ kind: 'fault', where: 'network', what: 'offline' });
        break;
      case 'online':
        if (network.isOnline) break;
        network.isOnline = true;
        for (const tab of tabs) tab.change('online');
        break;
      case 'network':
        network.fail(action.faults);
        break;
      case 'network-regime':
        network.setRegime(action.fault);
        break;
      case 'disk':
        disk.fail(action.faults, action.tab === undefined ? undefined : tabOf(action.tab)?.name);
        break;
      case 'disk-regime':
        disk.setRegime(action.fault);
        break;
      case 'wipe':
        disk.wipe();
        break;
      case 'junk': {
        const [id, value] = JUNK[action.what % JUNK.length] ?? ['', undefined];
        disk.whenFree((put) => put('nobody', ['entry', id], value));
        break;
      }
      case 'newer-page': {
        const { offer, isReadable } = action;
        const { endpoint } = siteOf(offer);
        if (isReadable) recordLater(offer, endpoint);
        else {
          const id = pageIds();
          const event = { id, type: 'hovered' };
          disk.whenFree((put) =>
            put('a later version', ['entry', id], { v: 2, event, endpoint, notBeforeAt: 0 }),
          );
        }
        break;
      }
      case 'absent':
        // If there is only one endpoint, the network's own faults do the same.
        if (sites.length > 1) network.setAbsent(siteOf(action.endpoint).endpoint, action.as);
        break;
      case 'upstream':
        for (const { upstream } of sites) upstream.fail(action.faults);
        break;
      case 'upstream-regime':
        for (const { upstream } of sites) upstream.setRegime(action.fault);
        break;
      case 'intake':
        intakeFaults.push(...action.faults);
        break;
      case 'crash-proxy':
        proxyOf(action.proxy)?.crash(action.operations);
        break;
      case 'probe': {
        const probe = PROBES[action.which % PROBES.length];
        const [proxy] = living();
        if (!probe || !proxy) break;
        const ids = [`019a0000-0000-7000-8000-${`${recorder.number()}`.padStart(12, '0')}`];
        write({ kind: 'probed', check: probe.check, ids });
        void proxy.probe(probe.headers, probe.body(ids));
        break;
      }
      case 'report': {
        const { order, offer } = action;
        return proxyOf(action.proxy)?.report({
          name: `order-${order}`,
          type: 'accepted',
          offerId: `offer-${order}`,
          group: GROUPS[offer % GROUPS.length],
        });
      }
      case 'purge':
        return proxyOf(action.proxy)?.purge(action.most);
      case 'close-proxy': {
        const proxy = proxyOf(action.proxy);
        if (!proxy) break;
        for (const { proxies } of sites) remove(proxies, proxy);
        // An intake that fails at the end rejects here, which loses nothing.
        proxy.close().catch(() => undefined);
        break;
      }
      case 'start-proxy':
        start();
        break;
      case 'consent':
        tabOf(action.tab)?.consent(action.state);
        break;
      case 'subject':
        // After a log-in the session is the browser's, and every running page learns of it.
        subject = action.subject;
        network.session = subject;
        for (const tab of tabs) tab.subject(subject);
        break;
      case 'page-clock':
        pageOffset += action.byMs;
        write({ kind: 'clock', byMs: action.byMs });
        break;
      case 'server-clock':
        serverOffset += action.byMs;
        isServerClockMoved = true;
        write({ kind: 'clock', byMs: action.byMs, names: ['servers'] });
        break;
      default:
        action satisfies { readonly do: 'wait' };
    }
    return undefined;
  };

  /**
   * The entries that are left in the outbox, and why they may be: they are for another user or a later version.
   */
  const entries = (): KeptEntry[] =>
    [...disk.values.values()].flatMap(([[shelf, id = ''], value]): KeptEntry[] => {
      const { v, event } = Object(value) as { v?: number; event?: { subject?: string } };
      if (shelf !== 'entry' || event === undefined) return [];
      if (v === 2) return [{ id, because: 'newer-version' }];
      return [
        { id, ...(event.subject !== undefined && event.subject !== subject && { because: 'subject' }) },
      ];
    });
  const junk = (): number =>
    [...disk.values.values()].filter(([[shelf]]) => shelf === 'entry').length - entries().length;
  /** Nothing that somebody gave up long ago still arrives, and nothing waits for anybody but another user. */
  const isStill = (): boolean =>
    !network.onTheirWay &&
    sites.every(({ upstream, file }) => !upstream.onTheirWay && !file?.open) &&
    entries().every(({ because }) => because);
  const isQuiet = async (): Promise<boolean> => {
    if (!isStill()) return false;
    // Only the page itself knows what is in its memory.
    let waiting = 0;
    const apart = junk() + entries().length;
    const silent = new Set(tabs.filter((tab) => !tab.isFrozen));
    for (const tab of silent)
      void tab.stats().then((stats) => {
        waiting += Math.max(0, stats.waiting - apart);
        silent.delete(tab);
      });
    await clock.runTo(clock.elapsed + 3_000);
    return waiting === 0 && ![...silent].some((tab) => !tab.isDead) && isStill();
  };

  const heal = async (): Promise<void> => {
    // A page that was just thawed first does what was left to do, and then what it is asked now.
    await clock.runTo(clock.elapsed);
    network.setRegime(undefined);
    disk.setRegime(undefined);
    intakeFaults = [];
    for (const { endpoint, upstream } of sites) {
      network.setAbsent(endpoint, undefined);
      upstream.setRegime(undefined);
    }
    startAll();
    for (const proxy of living()) proxy.crash(Infinity);
    for (const tab of tabs) tab.crash(Infinity);
    network.isOnline = true;
    write({ kind: 'healed', withinMs: HEALING_MS });
    for (const tab of [...tabs]) {
      tab.consent('granted');
      tab.change('online');
    }
    for (const site of sites) {
      if (tabs.length >= MOST_TABS) tabs[0]?.close();
      await clock.runTo(clock.elapsed + 1_000);
      open(site);
    }
    const until = clock.elapsed + HEALING_MS;
    for (let lookMs = LOOK_MS; clock.elapsed < until; lookMs *= 1.5) {
      await clock.runTo(Math.min(until, clock.elapsed + lookMs));
      // A page that is frozen in a transaction blocks the database for all others: no promise covers that.
      for (const tab of [...tabs]) if (disk.holder === tab.name) tab.thaw();
      if (await isQuiet()) {
        write({ kind: 'quiet' });
        return;
      }
    }
  };

  let run: Run;
  try {
    startAll();
    for (let count = 0; count < schedule.tabs; count++) open(siteOf(count));
    for (const { afterMs, action } of schedule.commands) {
      await clock.runTo(clock.elapsed + afterMs);
      // Only what does not wait for the clock is awaited.
      await perform(action);
    }
    await heal();
    // Requests that are still under way end by their own deadlines, and events for another user are stored.
    await clock.runTo(clock.elapsed + LAST_MS);

    write({
      kind: 'final-outbox',
      entries: entries(),
      dead: [...disk.values.values()].flatMap(([[shelf, id]]) =>
        shelf === 'dead' ? [{ id: id ?? '' }] : [],
      ),
    });
    write({
      kind: 'final-intake',
      rows: sites.flatMap(({ file, endpoint }) => file?.rows().map((row) => ({ ...row, endpoint })) ?? []),
    });
    for (const { file, endpoint } of sites)
      if (file) write({ kind: 'final-ledger', endpoint, cells: await file.cells() });
    const dead = [...disk.values.values()].filter(([[shelf]]) => shelf === 'dead').length;
    write({ kind: 'measured', what: 'dead', value: dead, bound: 50 });
    const waiting = entries().filter(({ because }) => because !== 'newer-version').length;
    write({ kind: 'measured', what: 'outbox', value: waiting, bound: maxEntries });
    // A minute has another length if the servers' clock is moved.
    if (!isServerClockMoved)
      for (const { upstream } of sites)
        write({ kind: 'measured', what: 'calls-per-minute', value: upstream.mostAMinute, bound: perMinute });
    for (const tab of tabs)
      if (!tab.isFrozen)
        write({ kind: 'measured', what: 'keepalive-bytes', value: tab.unreadBytes, bound: 0 });
    const heard = network.heard.join('\n');
    const secrets = [CANARY_KEY, ...sites.map(({ name }) => `${name}.grow.chargebee.com`)];
    const hits = secrets.reduce((sum, secret) => sum + heard.split(secret).length - 1, 0);
    write({ kind: 'searched', where: 'replies', bytes: Buffer.byteLength(heard), hits });
    // The harness itself makes this end, so it does not belong to the history.
    run = { history: [...history], steps: clock.steps, elapsed: clock.elapsed };
  } finally {
    process.off('unhandledRejection', onRejection);
    for (const tab of [...tabs]) tab.close();
    await clock.runTo(clock.elapsed + 10);
    for (const proxy of living()) proxy.crash(0);
    for (const { file } of sites) file?.remove();
  }
  return run;
};
