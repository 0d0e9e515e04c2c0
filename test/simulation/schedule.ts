/** What happens in a run: a setting, and commands in their order. Plain JSON, so that it can be printed and shrunk. */
import fc from 'fast-check';
import type { DiskFault } from './disk.js';
import type { NetworkFault } from './network.js';
import type { IntakeFault } from './proxies.js';
import type { KeyMode, UpstreamFault } from './upstream.js';

/** One thing that the nemesis or a user does. Tabs and proxies are numbers, taken modulo those that live. */
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
  | { readonly do: 'open' }
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
  | { readonly do: 'upstream'; readonly faults: readonly UpstreamFault[] }
  | { readonly do: 'upstream-regime'; readonly fault: UpstreamFault | undefined }
  | { readonly do: 'intake'; readonly faults: readonly IntakeFault[] }
  | { readonly do: 'crash-proxy'; readonly proxy: number; readonly operations: number }
  | { readonly do: 'probe'; readonly which: number }
  | { readonly do: 'close-proxy'; readonly proxy: number }
  | { readonly do: 'start-proxy' }
  | { readonly do: 'consent'; readonly tab: number; readonly state: 'granted' | 'pending' | 'denied' }
  | { readonly do: 'subject'; readonly subject: string | undefined }
  | { readonly do: 'page-clock'; readonly byMs: number }
  | { readonly do: 'server-clock'; readonly byMs: number }
  /** Nothing, which is what most time is made of. */
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
  readonly proxies: number;
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
const DAY_MS = 86_400_000;

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
  lifeMs: fc.option(fc.constantFrom(5_000, 60_000, DAY_MS), { nil: undefined, freq: 8 }),
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
  { name: 'open', arbitrary: of('open'), weight: 3 },
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
  { name: 'upstream', arbitrary: of('upstream', { faults: some(UPSTREAM) }), weight: 7 },
  { name: 'upstream-regime', arbitrary: of('upstream-regime', { fault: regime(UPSTREAM) }), weight: 3 },
  { name: 'intake', arbitrary: of('intake', { faults: some(INTAKE) }), weight: 2 },
  {
    name: 'crash-proxy',
    arbitrary: of('crash-proxy', { proxy: fc.nat(1), operations: fc.nat(12) }),
    weight: 5,
  },
  { name: 'probe', arbitrary: of('probe', { which: fc.nat(12) }), weight: 1 },
  { name: 'close-proxy', arbitrary: of('close-proxy', { proxy: fc.nat(1) }), weight: 1 },
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
    arbitrary: of('page-clock', { byMs: fc.constantFrom(-DAY_MS, -60_000, 60_000, DAY_MS) }),
    weight: 1,
  },
  {
    name: 'server-clock',
    arbitrary: of('server-clock', { byMs: fc.constantFrom(-3_600_000, -60_000, 60_000, 3_600_000) }),
    weight: 1,
  },
  { name: 'wait', arbitrary: of('wait'), weight: 3 },
];

/** What a campaign is about. */
export interface Focus {
  /** Most commands of one schedule. @default 40 */
  readonly size?: number | undefined;
  /** These actions alone. @default all */
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

/** Any run, or any that a focus allows. */
export const schedules = (focus: Focus = {}): fc.Arbitrary<Schedule> =>
  fc
    .record({
      seed: fc.nat(),
      keys: fc.constantFrom<KeyMode>('honours', 'ignores', 'window'),
      tabs: fc.integer({ min: 1, max: 3 }),
      proxies: fc.integer({ min: 1, max: 2 }),
      maxEntries: fc.constantFrom(10_000, 10_000, 6),
      perMinute: fc.constantFrom(150, 20),
      ambiguous: fc.constantFrom<Schedule['ambiguous']>('atLeastOnce', 'atLeastOnce', 'atMostOnce'),
      commands: fc.array(fc.record({ afterMs, action: actionsOf(focus) }), {
        minLength: 5,
        maxLength: focus.size ?? 40,
        size: 'max',
      }),
    })
    .map((schedule) => ({ ...schedule, ...focus.setting }));
