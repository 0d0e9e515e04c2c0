/**
 * Intake across machines: Redis, with keys and scripts of its own. It is as durable as Redis, and it remembers its
 * events across restarts. Any number of proxies share it, and one of them forwards.
 * @module offersight/proxy/redis
 */
import '../../needs-node.js';
import { randomBytes } from 'node:crypto';
import type { RedisOptions } from 'ioredis';
import { OffersightError } from '../../../errors.js';
import type { Verdict } from '../../../protocol/batch.js';
import { platformRuntime } from '../../../runtime.js';
import { checkOptionNames } from '../../option-names.js';
import { ALERTS, wordsOf } from '../../telling/alerts.js';
import type { AdmittedEvent } from '../admitted.js';
import type { Intake } from '../intake.js';
import { type Bookkeeping, CROWDED, DAY_MS } from '../ledger.js';
import { onlyRead, type ReadOnlyOption } from '../read-only.js';
import { BOUND_NAMES, DEFER_MS, type IntakeBounds, otherSite, resolveBounds, USAGE_RULES } from '../rules.js';
import { createMoving } from './migration/moving.js';
import { connect } from './redis-client.js';
import { createRedisClock } from './redis-clock.js';
import { digestOf, givenOf, hashOf } from './redis-given.js';
import { createLane } from './redis-lane.js';
import { ledgerOf } from './redis-ledger.js';
import { SCRIPTS, type ScriptName } from './redis-scripts.js';
import { createSharing } from './redis-sharing.js';
import { FAULTS, LISTED } from './redis-taking.js';

/** Options of {@link redisIntake}: a `url`, or a `connection`. */
export interface RedisIntakeOptions extends IntakeBounds, ReadOnlyOption {
  /**
   * The Redis to connect to.
   * @default what `connection` says
   * @range `redis://…` or `rediss://…`
   * @example `'redis://localhost:6379'`
   */
  readonly url?: string | undefined;
  /**
   * The Redis to connect to, as ioredis takes it. For a Redis Cluster, a list of its nodes.
   * @default what `url` says
   * @range `{ host, port, … }`, or a list of these
   * @example `{ host: 'localhost', port: 6379 }`
   */
  readonly connection?: RedisOptions | readonly RedisOptions[] | undefined;
  /**
   * What this intake's keys begin with, in braces: each site on one Redis needs a name of its own.
   * @default 'offersight'
   * @range 1–100 letters, digits, `.`, `_` and `-`
   * @example `'shop-eu'`
   */
  readonly name?: string | undefined;
}

/** A request waits for so long, and a client for the request. */
const TAKE_DEADLINE_MS = 1_000;
/** Longer than any script takes. The forwarder can wait, unlike a request. */
const DEADLINE_MS = 5_000;
const TAKING: readonly ScriptName[] = ['take', 'knows', 'accept', 'endSessions', 'sessionsEnded'];
const REMEDY =
  'give each site a name of its own by name or --name, or another database, such as redis://localhost:6379/1.';
const WORDS = {
  [FAULTS.newer]: 'The keys in Redis were written by a newer release: run that one, or give another name.',
  [FAULTS.moving]: 'Redis is still moving the events of an earlier release: retry when that is done.',
};
const MISSING = 'There is no intake of this name in Redis: start the proxy first.';
const NAME = /^[\w.-]{1,100}$/;

const configuration = (hint: string): OffersightError => new OffersightError('configuration', hint);

/** The first words of what a script answered instead of a result. */
const faultIn = (cause: unknown): readonly [fault: string, owner: string] => {
  const [fault = '', owner = ''] = (cause instanceof Error ? cause.message : '')
    .replace(/^ERR /, '')
    .split(' ');
  return [fault, owner];
};

const toVerdict = (word: string | undefined): Verdict => {
  if (word === 'accepted' || word === 'duplicate') return { kind: word };
  if (word === 'conflict') return { kind: 'refused', code: word };
  return { kind: 'deferred', code: 'overloaded', retryAfterMs: DEFER_MS };
};

/**
 * Opens an intake in Redis. It connects by itself, and reconnects after Redis was away. Meanwhile every method rejects
 * at once.
 *
 * An accepted event is as safe as Redis's settings make it: `appendonly yes`, `appendfsync always` and
 * `maxmemory-policy noeviction`. An alert names settings that are weaker.
 * @throws {OffersightError} `configuration` if an option is wrong.
 */
export const redisIntake = (options: RedisIntakeOptions): Intake => {
  checkOptionNames('redisIntake', options, {
    ...BOUND_NAMES,
    ...{ connection: true, url: true, name: true, readOnly: true },
  });
  const { connection, url, name = 'offersight', readOnly = false, ...given } = options;
  if (typeof name !== 'string' || !NAME.test(name))
    throw configuration('Set name to letters, digits, dots, dashes and underscores.');
  if ((connection === undefined) === (url === undefined))
    throw configuration('Set either url or connection.');
  const { maxWaiting, maxGroups, newGroupsADay, ledgerDays, ...rules } = resolveBounds(given);
  const runtime = platformRuntime();
  /** Empty until a site claims the intake. Commands that only look never do. */
  let site = '';
  let bookkeeping: Bookkeeping = {};
  let weak = '';
  const tell = (): void => {
    if (weak) bookkeeping.onAlert?.(wordsOf(ALERTS.weakRedis, { settings: weak }));
  };
  const client = connect(url ?? connection ?? '', `{${name}}`, runtime, (settings) => {
    weak = settings.join(', ');
    tell();
  });
  const moving = createMoving(client, runtime, () => site);
  /** The secret that visitors' names are hashed with. Redis keeps it, so that every process has the same. */
  let secret: string | undefined;
  /** The secret that the names of visitors who name groups are hashed with. Only this process knows it. */
  const ownSecret = randomBytes(32);

  const inWords = (cause: unknown): unknown => {
    const [fault, owner] = faultIn(cause);
    if (fault === FAULTS.otherSite) return otherSite('queue in Redis', owner, site, REMEDY);
    return fault === FAULTS.newer || fault === FAULTS.moving ? configuration(WORDS[fault]) : cause;
  };
  const prepare = (): Promise<string> =>
    moving.prepare().catch((cause: unknown) => {
      throw inWords(cause);
    });

  let isThere = false;
  /** What is not there, or is still as 0.1 left it, must not look like an intake in which nothing waits. */
  const find = async (): Promise<void> => {
    if (isThere) return;
    const all = ['events', runtime.now(), site];
    isThere = (await client.run('offersight_layout', SCRIPTS.layout, all, DEADLINE_MS)) !== '';
    if (!isThere) throw configuration(MISSING);
  };

  type Given = readonly (string | number)[];
  const ask = async (
    lane: string,
    script: ScriptName,
    args: () => Given,
    isAgain = false,
  ): Promise<unknown> => {
    try {
      if (readOnly) await find();
      if (script === 'take') secret ??= await prepare();
      const all = [lane, runtime.now(), site, ...args()];
      const deadlineMs = TAKING.includes(script) ? TAKE_DEADLINE_MS : DEADLINE_MS;
      const answer = await client.run(`offersight_${script}`, SCRIPTS[script], all, deadlineMs);
      return answer;
    } catch (cause) {
      const [fault] = faultIn(cause);
      if (fault === FAULTS.moving && !readOnly) moving.go();
      // A process that asks to lead asks again soon.
      if (fault === FAULTS.moving && script === 'lead') return [2];
      if (fault !== FAULTS.unprepared || isAgain) throw inWords(cause);
      if (readOnly) throw configuration(MISSING);
      // This Redis is new, or was emptied meanwhile.
      secret = await prepare();
      return ask(lane, script, args, true);
    }
  };
  const of =
    (lane: string) =>
    (script: ScriptName, ...args: Given): Promise<unknown> =>
      ask(lane, script, () => args);
  const askEvents = of('events');

  const isListed = (group: string): boolean => bookkeeping.groups?.has(group) ?? false;
  const namerOf = ({ group, isGroupSigned, visitor }: Partial<AdmittedEvent>): string | undefined => {
    if (group !== undefined && isListed(group)) return LISTED;
    return group === undefined || isGroupSigned || visitor === undefined
      ? undefined
      : hashOf(ownSecret, visitor);
  };
  const toGiven = (event: AdmittedEvent): object => givenOf(event, secret ?? '', namerOf(event));
  const toVerdicts = (events: readonly { readonly id: string }[], words: readonly string[]) => {
    if (words[events.length]) bookkeeping.onAlert?.(CROWDED);
    return new Map(events.map(({ id }, at) => [id, toVerdict(words[at])]));
  };

  // Not by 'prepare', since a reader must not make what is missing.
  const nameVisitor = async (visitor: string): Promise<string> =>
    hashOf(secret ?? ((await askEvents('secret')) as string), visitor);
  const parts = { ledgerDays, nameVisitor, clock: createRedisClock(runtime) };

  const intake: Intake = {
    ...createLane(askEvents, { ...parts, rules: { ...rules, isOrdered: true } }),
    usage: createLane(of('usage'), { ...parts, rules: USAGE_RULES }),

    claim(given, books = {}) {
      if (site && site !== given) throw otherSite('queue in Redis', site, given, REMEDY);
      site = given;
      bookkeeping = books;
      tell();
    },

    async take(events) {
      const args = (): Given => [JSON.stringify(events.map(toGiven)), maxWaiting, maxGroups, newGroupsADay];
      return toVerdicts(events, (await ask('events', 'take', args)) as string[]);
    },

    async knows(events) {
      const held = (await askEvents('knows', JSON.stringify(events.map(({ id }) => id)))) as string[];
      return new Set(events.flatMap(({ id, content }, at) => (held[at] === digestOf(content) ? id : [])));
    },

    async accept(events) {
      const told = events.map((event) => ({ ...event, namer: namerOf({ group: event.group }) }));
      const args = [JSON.stringify(told), ledgerDays * DAY_MS, maxGroups, newGroupsADay];
      return toVerdicts(events, (await askEvents('accept', ...args)) as string[]);
    },

    ledger: ledgerOf(askEvents),
    share: createSharing(askEvents, async (name) => {
      secret ??= await prepare();
      return hashOf(secret, name);
    }),
    // Asked for each time, since an emptied Redis has another one.
    nameKey: prepare,

    async endSessions() {
      await askEvents('endSessions');
    },

    sessionsEnded: async () => Number(await askEvents('sessionsEnded')),

    async close() {
      moving.stop();
      await client.close();
    },
  };
  return readOnly ? onlyRead(intake) : intake;
};
