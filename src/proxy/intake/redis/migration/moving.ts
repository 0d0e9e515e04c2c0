/**
 * Moves what version 0.1 kept in Redis as jobs of BullMQ. Remove it when nobody upgrades from that version any more.
 *
 * One script renames the old keys and puts keys of another type in their place. So every command of a process of 0.1
 * fails, its proxy answers 503, and its pages keep their events. Then events move in portions, each by one script that
 * also stores how far it came. So it does not matter which process moves them, or when one dies. Ids are moved first.
 * Taking begins when all ids have moved, and forwarding begins when all events have.
 */
import { randomBytes } from 'node:crypto';
import type { Runtime } from '../../../../runtime.js';
import { DAY_MS } from '../../ledger.js';
import type { Client } from '../redis-client.js';
import { COLUMNS, PORTION } from '../redis-events.js';
import { wholeOf } from '../redis-scripts.js';
import { LAYOUT, LOOKS, THOUGH_FULL } from '../redis-taking.js';

/** Makes an intake's keys ready. */
export interface Moving {
  /**
   * Makes ready what the other scripts need, and begins to move what an earlier release kept.
   * @returns What visitors' names are hashed with.
   */
  prepare(): Promise<string>;
  /** Continues to move, if this process is not moving at the moment. */
  go(): void;
  /** Moves nothing more. */
  stop(): void;
}

/** A request waits until the keys are ready. Nobody waits for a step of moving. */
const DEADLINES_MS = { prepare: 1_000, move: 5_000 };

/** Where 0.1 kept a lane: its own keys, the jobs, and the names that these were moved to. */
const OLD = `
local name = string.sub(KEYS[1], 2, -2)
local function oldOf(lane)
  local queue = lane == 'events' and name or name .. '-usage'
  return KEYS[1] .. '/' .. queue .. '/', KEYS[1] .. ':' .. queue .. ':', KEYS[1] .. '.old.' .. lane .. '.'
end
local function enterOld(lane) enter(lane) return oldOf(lane) end`;

const PREPARE = `${THOUGH_FULL}${LOOKS}
${OLD}
local TEXTS, OTHERS = { 'layout', 'arrival', 'note', 'sessions', 'counted' },
  { 'lease', 'open', 'since', 'ends', 'doubts', 'arrivals', 'dead', 'calls', 'flying', 'heads', 'tally', 'days', 'groups', 'groups-first' }
local function takeAway(old, aside, keys, put)
  for _, key in ipairs(keys) do
    if call('EXISTS', old .. key) == 1 then call('RENAME', old .. key, aside .. key) end
    put(old .. key)
  end
end
local function asHash(key) call('HSET', key, 'moved', 1) end
local function asText(key) call('SET', key, 'moved') end
if not layout then
  local hasEvents = false
  for _, lane in ipairs({ 'events', 'usage' }) do
    local old, jobs, aside = enterOld(lane)
    takeAway(old, aside, TEXTS, asHash) takeAway(old, aside, OTHERS, asText)
    for _, key in ipairs({ 'wait', 'paused', 'active', 'prioritized', 'delayed', 'completed', 'failed' }) do
      call('UNLINK', jobs .. key) asText(jobs .. key)
    end
    hasEvents = hasEvents or call('EXISTS', aside .. 'arrivals') == 1
    -- Its calls may have reached the upstream at any time until now.
    for _, id in ipairs(call('HKEYS', aside .. 'flying')) do call('ZADD', aside .. 'calls', ARGV[2] + skew, id) end
    for _, key in ipairs({ 'calls', 'groups', 'groups-first' }) do
      if call('EXISTS', aside .. key) == 1 then call('RENAME', aside .. key, own .. key) end
    end
    put('lane', 'arrival', call('GET', aside .. 'arrival') or 0)
    put('lane', 'note', call('GET', aside .. 'note') or '{}')
    if lane == 'events' then call('HSET', intake, 'sessions', call('GET', aside .. 'sessions') or 0) end
  end
  if owner then call('HSET', intake, 'site', owner) end
  call('HSET', intake, 'layout', ${LAYOUT}, 'secret', ARGV[4])
  if hasEvents then call('HSET', intake, 'moving', 'ids', 'part', 1, 'cursor', 0) end
end
return { call('HGET', intake, 'secret'), call('HGET', intake, 'moving') or '' }`;

/** Writes an old job as an event. */
const MOVE = `
local FIELDS = { 'name', 'offer', 'state', 'data', 'timestamp', 'due', 'since', 'ends', 'first', 'doubt', 'atm', 'again', 'failedReason',
  'finishedOn', 'headers', 'group', 'reason', 'counted' }
local COLUMNS = { ${COLUMNS.map((column, at) => `${column} = ${at + 1}`).join(', ')} }
local function move(n, id, old, jobs)
  local held, job = call('HMGET', jobs .. id, unpack(FIELDS)), {}
  -- Somebody removed it with other tools.
  if not held[1] then return end
  for at, field in ipairs(FIELDS) do job[field] = held[at] or nil end
  local attempts, isOpen = tonumber(job.atm or 0), job.since ~= nil
  local e = { n = n, id = id, type = job.name, offerId = job.offer, state = job.state, code = job.failedReason,
    occurredAt = decode(job.data).at, receivedAt = tonumber(job.timestamp), attempts = attempts > 0 and attempts or nil,
    first = tonumber(job.first), isAmbiguous = job.doubt and true, maybeDuplicate = job.again and true, headers = job.headers,
    -- Kept as a string, since decoding it would shorten long numbers.
    usage = string.match(job.data, '"usage":(.*)}$'), group = job.group, reason = job.reason, settledAt = tonumber(job.finishedOn) }
  countView(e, 1)
  if not job.counted then count(e, 1, 1) count(e, columnOf(e), 1)
  else count(e, job.counted ~= 'waiting' and COLUMNS[job.counted], -1) count(e, columnOf(e), 1) end
  if isOpen then
    -- Nobody knows what came of a call that was under way.
    if not job.due then e.isAmbiguous, e.state, e.first = true, 'forwarding', e.first or e.receivedAt end
    e.settledAt, e.since, e.due, e.ends = nil, tonumber(job.since), tonumber(job.due or 0), tonumber(job.ends)
    e.line, e.lone = ' ' .. (ORDERED and e.offerId or id), ORDERED and e.type == 'dismissed' or nil
    if e.isAmbiguous and e.first then add('unknown', e.first, n) end
    open(e)
    call('DEL', old .. 'offer:' .. e.offerId)
  else
    e.settledAt = e.settledAt or ARGV[2] + skew
    add('settled', e.settledAt, n) keep(e)
    if e.state == 'dead' then add('dead', n, n) countDead(e, 1) end
  end
  call('DEL', jobs .. id)
end`;

/** Moves one portion. Returns whether there is more. */
const STEP = `${THOUGH_FULL}
${OLD}${MOVE}
local moving, part, cursor = unpack(call('HMGET', intake, 'moving', 'part', 'cursor'))
if not moving then return 0 end
part = tonumber(part)
local function walk(lane, of)
  local old, jobs, aside = enterOld(lane)
  local some = call('ZRANGEBYSCORE', aside .. 'arrivals', '(' .. cursor, '+inf', 'WITHSCORES', 'LIMIT', 0, ${PORTION})
  for at = 1, #some, 2 do
    of(tonumber(some[at + 1]), some[at], old, jobs)
    cursor = some[at + 1]
  end
  return #some == ${2 * PORTION}
end
local function noteId(n, id, _, jobs)
  local content = call('HGET', jobs .. id, 'content')
  if content then call('HSETNX', own .. 'ids', id, text(n) .. ' ' .. content) end
end
local function moveAccepted()
  local prefix, _, aside = enterOld('events')
  -- Version 0.1 had neither the ledger nor these keys. Later versions had both.
  if call('EXISTS', aside .. 'days') == 0 then return false end
  local old = prefix .. 'accepted:'
  local found = call('SCAN', cursor, 'MATCH', old .. '*', 'COUNT', ${2 * PORTION})
  for _, key in ipairs(found[2]) do call('RENAME', key, own .. 'accepted:' .. string.sub(key, #old + 1)) end
  cursor = found[1]
  return cursor ~= '0'
end
local function moveDay()
  local old, _, aside = enterOld('events')
  local day = call('ZRANGE', aside .. 'days', 0, 0)[1]
  if not day then return false end
  local held = call('HGETALL', old .. 'ledger:' .. day)
  for at = 1, #held, 2 do
    local group, type, reason, column = string.match(held[at], '^(%S+) (%S+) (%S+) (%S+)$')
    local e = { receivedAt = day * ${DAY_MS}, group = group, type = type, reason = reason ~= '-' and reason or nil }
    count(e, COLUMNS[column], tonumber(held[at + 1]))
  end
  call('DEL', old .. 'ledger:' .. day, aside .. 'counted')
  call('ZREM', aside .. 'days', day)
  return true
end
local PARTS = {
  function() return walk('events', noteId) end,
  function() return walk('usage', noteId) end,
  moveAccepted,
  moveDay,
  function() return walk('events', move) end,
  function() return walk('usage', move) end,
}
if not PARTS[part]() then part, cursor = part + 1, 0 end
if PARTS[part] then call('HSET', intake, 'part', part, 'cursor', cursor, 'moving', part <= 3 and 'ids' or 'events')
else
  call('HDEL', intake, 'part', 'cursor', 'moving')
  for _, lane in ipairs({ 'events', 'usage' }) do
    local _, _, aside = oldOf(lane)
    for _, key in ipairs({ 'layout', 'arrival', 'note', 'sessions', 'counted', 'lease', 'open', 'since', 'ends', 'doubts', 'arrivals',
      'dead', 'flying', 'heads', 'tally', 'days' }) do call('UNLINK', aside .. key) end
  end
end
return 1`;

const TEXTS = { prepare: wholeOf(PREPARE), move: wholeOf(STEP) };

/**
 * Makes a {@link Moving}.
 * @param siteOf Gives the site that asks, which is empty until one claims the intake.
 */
export const createMoving = (client: Client, runtime: Runtime, siteOf: () => string): Moving => {
  let isStopped = false;
  let isWorking = false;
  const run = (name: keyof typeof TEXTS, ...args: readonly string[]): Promise<unknown> =>
    client.run(
      `offersight_${name}`,
      TEXTS[name],
      ['events', runtime.now(), siteOf(), ...args],
      DEADLINES_MS[name],
    );

  const work = async (): Promise<void> => {
    while (!isStopped && (await run('move')) === 1);
  };

  const moving: Moving = {
    async prepare() {
      const secret = randomBytes(32).toString('base64url');
      const [held, isMoving] = (await run('prepare', secret)) as [string, string];
      if (isMoving) moving.go();
      return held;
    },

    go() {
      if (isWorking) return;
      isWorking = true;
      // If it fails, the next process that asks to lead continues.
      void work()
        .catch(() => undefined)
        .finally(() => {
          isWorking = false;
        });
    },

    stop() {
      isStopped = true;
    },
  };
  return moving;
};
