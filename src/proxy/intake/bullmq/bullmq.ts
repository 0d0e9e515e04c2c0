/**
 * Intake across machines: Redis, with the events as jobs of two BullMQ queues, so that its dashboards show them.
 * Durable as far as Redis is; remembered across restarts; any number of proxies share it, and one of them forwards.
 * @module offersight/proxy/bullmq
 */
import { createHash } from 'node:crypto';
import { QueueKeys } from 'bullmq';
import type { RedisOptions } from 'ioredis';
import { OffersightError } from '../../../errors.js';
import type { Verdict } from '../../../protocol/batch.js';
import { platformRuntime } from '../../../runtime.js';
import { checkOptionNames } from '../../option-names.js';
import type { AdmittedEvent, Intake } from '../intake.js';
import {
  BOUND_NAMES,
  DEFER_MS,
  type IntakeBounds,
  MAX_USAGE_AGE_MS,
  otherSite,
  resolveBounds,
  USAGE_RULES,
} from '../rules.js';
import { type Client, connect } from './bullmq-client.js';
import { createLane, type JobData, type LaneKeys, runnerOf } from './bullmq-lane.js';
import { createLedger } from './bullmq-ledger.js';
import { OTHER_SITE } from './bullmq-scripts.js';

/** Options of {@link bullmqIntake}. */
export interface BullmqIntakeOptions extends IntakeBounds {
  /**
   * The Redis to connect to.
   * @range a URL, or `{ host, port, … }` as ioredis takes it
   * @example `'redis://localhost:6379'`
   */
  readonly connection: string | RedisOptions;
  /**
   * What this intake's keys begin with, in braces, and what its queues are called: `{name}:name` and
   * `{name}:name-usage`.
   * @default 'offersight'
   * @range 1–100 letters, digits, `.`, `_` and `-`
   * @example `'shop-eu'`
   */
  readonly name?: string;
}

/** A request waits for it, and a client for the request. */
const TAKE_DEADLINE_MS = 1_000;
const OWNER = new RegExp(`^(?:ERR )?${OTHER_SITE} (\\S+)`);
const PLACE = 'queue in Redis';
const REMEDY =
  'give each site a name of its own in bullmqIntake, or another database, such as redis://localhost:6379/1.';
const NAME = /^[\w.-]{1,100}$/;

const configuration = (hint: string): OffersightError => new OffersightError('configuration', hint);

const toVerdict = (word: string | undefined): Verdict => {
  switch (word) {
    case 'accepted':
    case 'duplicate':
      return { kind: word };
    case 'conflict':
      return { kind: 'refused', code: 'conflict' };
    default:
      return { kind: 'deferred', code: 'overloaded', retryAfterMs: DEFER_MS };
  }
};

/** Enough to tell other content by, and shorter. */
const digestOf = (content: string): string =>
  createHash('sha256').update(content).digest('base64url').slice(0, 22);

const toArguments = (event: AdmittedEvent): (string | number)[] => {
  const {
    id,
    type,
    offerId,
    receivedAt,
    content,
    occurredAt,
    headers,
    usage,
    group = '',
    reason = '',
  } = event;
  const shown: JobData = { offer: offerId, at: occurredAt };
  return [
    id,
    type,
    offerId,
    receivedAt,
    digestOf(content),
    JSON.stringify(shown),
    // It was seen in time: that its offer ends later takes nothing back.
    '',
    headers ? JSON.stringify(headers) : '',
    usage ? JSON.stringify({ ...shown, usage } satisfies JobData) : '',
    occurredAt + MAX_USAGE_AGE_MS,
    group,
    reason,
  ];
};

/**
 * Opens an intake in Redis. It connects by itself, and again whenever Redis was away; while it is away every method
 * rejects at once.
 *
 * An accepted event is as safe as Redis's settings make it: `appendonly yes`, `appendfsync always` and
 * `maxmemory-policy noeviction`.
 * @throws {OffersightError} `configuration` if an option is wrong.
 */
export const bullmqIntake = (options: BullmqIntakeOptions): Intake => {
  checkOptionNames('bullmqIntake', options, { ...BOUND_NAMES, connection: true, name: true });
  const { connection, name = 'offersight', ...given } = options;
  if (typeof name !== 'string' || !NAME.test(name))
    throw configuration('Set name to letters, digits, dots, dashes and underscores.');
  const { maxWaiting, maxGroups, newGroupsADay, ledgerDays, ...rules } = resolveBounds(given);
  const runtime = platformRuntime();
  const connected = connect(connection, runtime);
  /** Empty for commands that only look. */
  let site = '';
  const inWords = (cause: unknown): unknown => {
    const [, owner] = OWNER.exec(cause instanceof Error ? cause.message : '') ?? [];
    return owner === undefined ? cause : otherSite(PLACE, owner, site, REMEDY);
  };
  /** Every script is told which site asks, and where the name stands of the one whose events these are. */
  const client: Client = {
    ...connected,
    run: (script, text, keys, args, deadlineMs) =>
      connected
        .run(script, text, [...keys, `{${name}}/site`], [...args, site], deadlineMs)
        .catch((cause: unknown) => {
          throw inWords(cause);
        }),
  };
  // In braces: all keys are in one slot of a cluster, so that a script may touch them together.
  const queues = new QueueKeys(`{${name}}`);
  const keysOf = (queue: string): LaneKeys => [queues.toKey(queue, ''), `{${name}}/${queue}/`];
  const offers = keysOf(name);
  const usages = keysOf(`${name}-usage`);
  const lane = createLane(client, offers, { ...rules, isOrdered: true }, runtime);
  const usage = createLane(client, usages, USAGE_RULES, runtime);
  const run = runnerOf(client, true);
  const bounds = { maxGroups, newGroupsADay, ledgerDays };
  const ledger = createLedger(run, offers, bounds, () => runtime.now());

  return {
    ...lane,
    usage,

    accept: ledger.accept,
    ledger: ledger.ledger,

    claim(given, bookkeeping = {}) {
      if (site && site !== given) throw otherSite(PLACE, site, given, REMEDY);
      site = given;
      ledger.bookkeeping = bookkeeping;
    },

    async lead(token, now) {
      const leads = await lane.lead(token, now);
      if (leads) await ledger.keep(now);
      return leads;
    },

    async take(admitted) {
      const now = runtime.now();
      const each = admitted.flatMap((event) => [...toArguments(event), ledger.namerOf(event)]);
      const args = [now, maxWaiting, maxGroups, newGroupsADay, ...each];
      const words = (await run('take', [...offers, ...usages], args, TAKE_DEADLINE_MS)) as string[];
      if (words[admitted.length]) ledger.onCrowded(now);
      return new Map(admitted.map(({ id }, at) => [id, toVerdict(words[at])]));
    },

    async endSessions() {
      await run('endSessions', offers, [], TAKE_DEADLINE_MS);
    },

    sessionsEnded: async () => Number(await run('sessionsEnded', offers, [], TAKE_DEADLINE_MS)),

    async knows(events) {
      const ids = events.map(({ id }) => id);
      const contents = (await run('knows', offers, ids, TAKE_DEADLINE_MS)) as string[];
      return new Set(
        events.filter(({ content }, at) => contents[at] === digestOf(content)).map(({ id }) => id),
      );
    },

    close: () => client.close(),
  };
};
