/** The plan of a run: a setting, and commands in order. It is plain JSON, so that it can be printed and shrunk. */
import fc from 'fast-check';
import type { DiskFault } from './disk.js';
import type { NetworkFault } from './network.js';
import type { IntakeFault } from './proxies.js';
import type { KeyMode, UpstreamFault } from './upstream.js';

/** One thing that the nemesis or a user does. Tabs and proxies are numbers, modulo the count of running ones. */
export type Action =
  | {
      readonly do: 'view';
      readonly tab: number;
      readonly offer: number;
      readonly many: number;
      readonly isOnce: boolean;
      readonly lifeMs?: number | undefined;
    }
  | { readonly do: 'dismiss'; readonly tab: number }
  | { readonly do: 'flush'; readonly tab: number }
  | { readonly do: 'open'; readonly endpoint: number }
  | { readonly do: 'close'; readonly tab: number }
  | { readonly do: 'hide'; readonly tab: number }
  | { readonly do: 'show'; readonly tab: number }
  | { readonly do: 'freeze'; readonly tab: number }
  | { readonly do: 'thaw'; readonly tab: number }
  | { readonly do: 'busy'; readonly tab: number; readonly taskMs: number; readonly tasks: number }
  | { readonly do: 'crash-tab'; readonly tab: number; readonly operations: number }
  | { readonly do: 'crash-browser' }
  | { readonly do: 'offline' }
  | { readonly do: 'online' }
  | { readonly do: 'network'; readonly faults: readonly NetworkFault[] }
  | { readonly do: 'network-regime'; readonly fault: NetworkFault | undefined }
  | { readonly do: 'disk'; readonly tab: number | undefined; readonly faults: readonly DiskFault[] }
  | { readonly do: 'disk-regime'; readonly fault: DiskFault | undefined }
  | { readonly do: 'wipe' }
  | { readonly do: 'junk'; readonly what: number }
  /**
   * A page of a later version records an offer that was seen, and is closed. This version can read its event beside new
   * fields, or not at all.
   */
  | { readonly do: 'newer-page'; readonly offer: number; readonly isReadable: boolean }
  /** Something else answers in an endpoint's place, if the origin has two. */
  | { readonly do: 'absent'; readonly endpoint: number; readonly as: NetworkFault | undefined }
  | { readonly do: 'upstream'; readonly faults: readonly UpstreamFault[] }
  | { readonly do: 'upstream-regime'; readonly fault: UpstreamFault | undefined }
  | { readonly do: 'intake'; readonly faults: readonly IntakeFault[] }
  | { readonly do: 'crash-proxy'; readonly proxy: number; readonly operations: number }
  | { readonly do: 'probe'; readonly which: number }
  /** The host's own program reports an acceptance to one of the proxies, perhaps one that it reported before. */
  | { readonly do: 'report'; readonly proxy: number; readonly order: number; readonly offer: number }
  /** An operator gives up so many waiting events. */
  | { readonly do: 'purge'; readonly proxy: number; readonly most: number }
  | { readonly do: 'close-proxy'; readonly proxy: number }
  | { readonly do: 'start-proxy' }
  | { readonly do: 'consent'; readonly tab: number; readonly state: 'granted' | 'pending' | 'denied' }
  | { readonly do: 'subject'; readonly subject: string | undefined }
  | { readonly do: 'page-clock'; readonly byMs: number }
  | { readonly do: 'server-clock'; readonly byMs: number }
  /** Nothing happens, as during most of the time. */
  | { readonly do: 'wait' };

/** An action, and how much virtual time passes before it. */
export interface Command {
  readonly afterMs: number;
  readonly action: Action;
}

/** A whole run. */
export interface Schedule {
  readonly seed: number;
  readonly keys: KeyMode;
  readonly tabs: number;
  /** How many endpoints the origin has, each with proxies, an intake and a site of its own. */
  readonly endpoints: number;
  /** How many proxies answer at an endpoint. */
  readonly proxies: number;
  /** Where the proxies keep events. */
  readonly intake: 'sqlite' | 'direct';
  readonly maxEntries: number;
  readonly perMinute: number;
  readonly ambiguous: 'atLeastOnce' | 'atMostOnce';
  readonly commands: readonly Command[];
}

const NETWORK: readonly NetworkFault[] = [
  'drop-before',
  'drop-after',
  'duplicate',
  'late',
  'hang',
  'hang-after',
  'endless-body',
  'page',
  'page-after',
  'truncated-after',
  'version',
  'other-ids',
  'partial-after',
  'redirect',
  '204-after',
  '400',
  '401',
  '404',
  '405',
  '408',
  '409',
  '413-many',
  '429',
  '429-date',
  '429-garbage',
  '429-huge',
  '500-after',
  '503',
  '503-negative',
  'unsupported',
];
const UPSTREAM: readonly UpstreamFault[] = [
  'throttled',
  'throttled-soon',
  'unavailable',
  'unavailable-after',
  'server-page',
  'reset-before',
  'reset-after',
  'refused',
  'page',
  'page-after',
  'redirect',
  'hang',
  'hang-after',
  'late',
  'truncated-after',
  'locked',
  'unknown-offer',
  'invalid',
  'bad-key',
  'not-enabled',
];
const DISK: readonly DiskFault[] = ['abort', 'closed', 'quota', 'hang', 'late'];
const INTAKE: readonly IntakeFault[] = ['fails', 'fails-after'];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const tab = fc.nat(5);
const some = <T>(of: readonly T[], most = 3) =>
  fc.array(fc.constantFrom(...of), { minLength: 1, maxLength: most });
const regime = <T>(of: readonly T[]) => fc.option(fc.constantFrom(...of), { nil: undefined });

const view = fc.record<Action & { do: 'view' }>({
  do: fc.constant('view'),
  tab,
  offer: fc.nat(7),
  many: fc.oneof(
    { arbitrary: fc.constant(1), weight: 5 },
    { arbitrary: fc.integer({ min: 2, max: 12 }), weight: 1 },
  ),
  isOnce: fc.boolean(),
  lifeMs: fc.constantFrom(...Array<undefined>(17).fill(undefined), 5_000, 60_000, DAY_MS),
});
const of = <Name extends Action['do']>(name: Name, fields: object = {}) =>
  fc.record({ do: fc.constant(name), ...fields }) as unknown as fc.Arbitrary<Action>;

const ACTIONS: readonly {
  readonly name: Action['do'];
  readonly arbitrary: fc.Arbitrary<Action>;
  readonly weight: number;
}[] = [
  { name: 'view', arbitrary: view, weight: 14 },
  { name: 'dismiss', arbitrary: of('dismiss', { tab }), weight: 6 },
  { name: 'flush', arbitrary: of('flush', { tab }), weight: 2 },
  { name: 'open', arbitrary: of('open', { endpoint: fc.nat(1) }), weight: 3 },
  { name: 'close', arbitrary: of('close', { tab }), weight: 2 },
  { name: 'hide', arbitrary: of('hide', { tab }), weight: 2 },
  { name: 'show', arbitrary: of('show', { tab }), weight: 1 },
  { name: 'freeze', arbitrary: of('freeze', { tab }), weight: 2 },
  { name: 'thaw', arbitrary: of('thaw', { tab }), weight: 2 },
  {
    name: 'busy',
    arbitrary: of('busy', {
      tab,
      taskMs: fc.constantFrom(50, 100, 350, 500, 900, 1_500, 3_000),
      tasks: fc.constantFrom(1, 1, 4, 16),
    }),
    weight: 4,
  },
  { name: 'crash-tab', arbitrary: of('crash-tab', { tab, operations: fc.nat(25) }), weight: 4 },
  { name: 'crash-browser', arbitrary: of('crash-browser'), weight: 1 },
  { name: 'offline', arbitrary: of('offline'), weight: 1 },
  { name: 'online', arbitrary: of('online'), weight: 2 },
  { name: 'network', arbitrary: of('network', { faults: some(NETWORK) }), weight: 9 },
  { name: 'network-regime', arbitrary: of('network-regime', { fault: regime(NETWORK) }), weight: 3 },
  {
    name: 'disk',
    arbitrary: of('disk', { tab: fc.option(tab, { nil: undefined }), faults: some(DISK) }),
    weight: 4,
  },
  { name: 'disk-regime', arbitrary: of('disk-regime', { fault: regime(DISK) }), weight: 1 },
  { name: 'wipe', arbitrary: of('wipe'), weight: 1 },
  { name: 'junk', arbitrary: of('junk', { what: fc.nat(4) }), weight: 1 },
  {
    name: 'newer-page',
    arbitrary: of('newer-page', { offer: fc.nat(7), isReadable: fc.boolean() }),
    weight: 4,
  },
  {
    name: 'absent',
    arbitrary: of('absent', {
      endpoint: fc.nat(1),
      as: fc.constantFrom<NetworkFault | undefined>('404', '405', 'page', undefined),
    }),
    weight: 2,
  },
  { name: 'upstream', arbitrary: of('upstream', { faults: some(UPSTREAM) }), weight: 7 },
  { name: 'upstream-regime', arbitrary: of('upstream-regime', { fault: regime(UPSTREAM) }), weight: 3 },
  { name: 'intake', arbitrary: of('intake', { faults: some(INTAKE) }), weight: 2 },
  {
    name: 'crash-proxy',
    arbitrary: of('crash-proxy', { proxy: fc.nat(3), operations: fc.nat(12) }),
    weight: 5,
  },
  { name: 'probe', arbitrary: of('probe', { which: fc.nat(12) }), weight: 1 },
  { name: 'close-proxy', arbitrary: of('close-proxy', { proxy: fc.nat(3) }), weight: 1 },
  { name: 'start-proxy', arbitrary: of('start-proxy'), weight: 4 },
  {
    name: 'consent',
    arbitrary: of('consent', { tab, state: fc.constantFrom('granted', 'granted', 'pending', 'denied') }),
    weight: 1,
  },
  {
    name: 'subject',
    arbitrary: of('subject', { subject: fc.constantFrom(undefined, 'user-1', 'user-2') }),
    weight: 1,
  },
  {
    name: 'page-clock',
    arbitrary: of('page-clock', { byMs: fc.constantFrom(-DAY_MS, -60_000, 60_000, HOUR_MS, DAY_MS) }),
    weight: 1,
  },
  {
    name: 'server-clock',
    arbitrary: of('server-clock', { byMs: fc.constantFrom(-HOUR_MS, -60_000, 60_000, HOUR_MS) }),
    weight: 1,
  },
  { name: 'wait', arbitrary: of('wait'), weight: 3 },
];

/** The limits of a campaign. */
export interface Focus {
  /** Most commands of one schedule. @default 40 */
  readonly size?: number | undefined;
  /** Only these actions. @default all */
  readonly only?: readonly Action['do'][];
  /** What every schedule has in common. */
  readonly setting?: Partial<Omit<Schedule, 'commands' | 'seed'>>;
  /** How long every offer lives, milliseconds. */
  readonly lifeMs?: number;
}

const afterMs = fc.oneof(
  { arbitrary: fc.nat(40), weight: 6 },
  { arbitrary: fc.integer({ min: 100, max: 3_000 }), weight: 5 },
  { arbitrary: fc.integer({ min: 10_000, max: 60_000 }), weight: 3 },
  { arbitrary: fc.constantFrom(600_000, 2_400_000), weight: 1 },
);

const actionsOf = ({ only, lifeMs }: Focus): fc.Arbitrary<Action> =>
  fc
    .oneof(...ACTIONS.filter(({ name }) => !only || only.includes(name)))
    .map((action) => (action.do === 'view' && lifeMs !== undefined ? { ...action, lifeMs } : action));

/** The page that was opened last, if one, two, three or six are open. */
const NEWEST = 5;

/** An endpoint goes away for good, and pages of the other one find its events a day later, and an hour after that. */
const departures = fc
  .record({ endpoint: fc.nat(1), as: fc.constantFrom<NetworkFault>('404', '405', 'page') })
  .map(({ endpoint, as }): Command[] => {
    const visit: Command[] = [
      { afterMs: 100, action: { do: 'close', tab: 0 } },
      { afterMs: 100, action: { do: 'open', endpoint: endpoint + 1 } },
      // Once its own endpoint has answered well, it may take the events that the other one does not.
      { afterMs: 3_000, action: { do: 'view', tab: NEWEST, offer: 0, many: 1, isOnce: false } },
      { afterMs: 30_000, action: { do: 'wait' } },
    ];
    return [
      { afterMs: 100, action: { do: 'absent', endpoint, as } },
      { afterMs: 100, action: { do: 'newer-page', offer: endpoint, isReadable: true } },
      { afterMs: 100, action: { do: 'page-clock', byMs: DAY_MS } },
      ...visit,
      { afterMs: 100, action: { do: 'page-clock', byMs: HOUR_MS } },
      ...visit,
    ];
  });

/** What happens beside the pages: drawn apart, so that the commands of a seed stay the same. */
const asides = ({ only }: Focus) => {
  const report = of('report', { proxy: fc.nat(3), order: fc.nat(2), offer: fc.nat(3) });
  const purge = of('purge', { proxy: fc.nat(3), most: fc.integer({ min: 1, max: 3 }) });
  const allowed = [report, report, report, purge].filter(
    (_, at) => !only || only.includes(at === 3 ? 'purge' : 'report'),
  );
  if (!allowed.length) return fc.constant([]);
  return fc.array(fc.record({ at: fc.nat(40), action: fc.oneof(...allowed) }), { maxLength: 6 });
};

/** Any run, or any that a focus allows. */
export const schedules = (focus: Focus = {}): fc.Arbitrary<Schedule> =>
  fc
    .record({
      seed: fc.nat(),
      keys: fc.constantFrom<KeyMode>('honours', 'ignores', 'window'),
      tabs: fc.integer({ min: 1, max: 3 }),
      endpoints: fc.constantFrom(1, 1, 2),
      proxies: fc.integer({ min: 1, max: 2 }),
      intake: fc.constantFrom<Schedule['intake']>('sqlite', 'sqlite', 'sqlite', 'sqlite', 'direct'),
      maxEntries: fc.constantFrom(10_000, 10_000, 6),
      perMinute: fc.constantFrom(150, 20),
      ambiguous: fc.constantFrom<Schedule['ambiguous']>('atLeastOnce', 'atLeastOnce', 'atMostOnce'),
      commands: fc.array(fc.record({ afterMs, action: actionsOf(focus) }), {
        minLength: 5,
        maxLength: focus.size ?? 40,
        size: 'max',
      }),
      departure:
        focus.only?.includes('absent') === false ? fc.constant([]) : fc.oneof(fc.constant([]), departures),
      beside: asides(focus),
    })
    .map(({ departure, beside, ...drawn }) => {
      const commands: Command[] = [...drawn.commands];
      for (const { at, action } of beside)
        commands.splice(at % (commands.length + 1), 0, { afterMs: 0, action });
      const schedule = { ...drawn, ...focus.setting, commands };
      return schedule.endpoints > 1 ? { ...schedule, commands: [...commands, ...departure] } : schedule;
    });
