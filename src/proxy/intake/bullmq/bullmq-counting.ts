/** The ledger in Redis, in Lua: which cell an event counts in, and under which column. */
import {
  DAY_MS,
  GIVEN_UP_CODES,
  GROUP_DAYS,
  NEW_GROUPS_A_VISITOR,
  NO_GROUP,
  OTHER_GROUPS,
} from '../ledger.js';
import { PURGED } from '../rules.js';

/**
 * What every script of a lane knows of it. Each job says in `counted` under which column it counts, so that one that came
 * from a release without a ledger is counted as soon as it moves. Keys: `ledger:…` by day, `days` (all of these), `groups` (by
 * their last day), `groups-first` (by their first), `newcomers:…` how many new groups each visitor has named, by day.
 */
export const LEDGER_TRANSITIONS = `
local GIVEN_UP = { ${GIVEN_UP_CODES.map((code) => `${code} = true`).join(', ')} }

local function columnOf(state, code)
  if state == 'done' then return 'delivered' end
  if state ~= 'dead' then return 'waiting' end
  return GIVEN_UP[code] and 'givenUp' or code == '${PURGED}' and 'purged' or 'refused'
end

local function add(day, cell, column, by)
  call('ZADD', own .. 'days', day, day)
  call('HINCRBY', own .. 'ledger:' .. day, cell .. ' ' .. column, by)
end

-- Moves an event to another column. Only the lane of offer events has a ledger.
local function record(id, column)
  if not ORDERED then return end
  local at, name, reason, group, counted = unpack(call('HMGET', jobs .. id, 'timestamp', 'name', 'reason', 'group', 'counted'))
  if not at or counted == column then return end
  local day = string.format('%.0f', math.floor(at / ${DAY_MS}))
  local cell = (group or '${NO_GROUP}') .. ' ' .. name .. ' ' .. (reason or '-')
  call('HSET', jobs .. id, 'counted', column)
  if not counted then add(day, cell, 'taken', 1)
  -- Its day is forgotten.
  elseif call('EXISTS', own .. 'ledger:' .. day) == 0 then return
  elseif counted ~= 'waiting' then add(day, cell, counted, -1) end
  if column ~= 'waiting' then add(day, cell, column, 1) end
end
`;

/** What stands for whoever names a group that the host has listed itself. */
export const LISTED = '=';

/** What those scripts know that take: `isCrowded` tells whether a group had no place. */
export const PLACES = `
local isCrowded = false
local function placeOf(group, at, visitor, most, mostNew)
  if group == '${OTHER_GROUPS}' or visitor == '${LISTED}' then return group end
  local day = math.floor(at / ${DAY_MS})
  local last = call('ZSCORE', own .. 'groups', group)
  if last then
    if tonumber(last) ~= day then call('ZADD', own .. 'groups', day, group) end
    return group
  end
  -- Only for want of room: a clock that is wrong for a moment takes no place away.
  if call('ZCARD', own .. 'groups') >= tonumber(most) then
    for _, index in ipairs(call('ZRANGEBYSCORE', own .. 'groups', '-inf', '(' .. day - ${GROUP_DAYS})) do
      call('ZREM', own .. 'groups', index)
      call('ZREM', own .. 'groups-first', index)
    end
  end
  local newcomers = own .. 'newcomers:' .. day
  local named = visitor == '' and 0 or tonumber(call('HGET', newcomers, visitor) or 0)
  if call('ZCARD', own .. 'groups') < tonumber(most) and named < ${NEW_GROUPS_A_VISITOR}
    and call('ZCOUNT', own .. 'groups-first', day, day) < tonumber(mostNew) then
    call('ZADD', own .. 'groups', day, group)
    call('ZADD', own .. 'groups-first', day, group)
    if visitor ~= '' then
      call('HINCRBY', newcomers, visitor, 1)
      call('PEXPIRE', newcomers, ${2 * DAY_MS})
    end
    return group
  end
  isCrowded = true
  return '${OTHER_GROUPS}'
end
`;

/** Counts what the billing system reported, each once. */
export const ACCEPT = `
if isOfNewerRelease() then return redis.error_reply(NEWER) end
${PLACES}
local skew, most, mostNew, lifeMs = skewOf(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local verdicts = {}
for at = 5, #ARGV, 5 do
  local id, content, group, receivedAt, visitor = unpack(ARGV, at, at + 4)
  local key, moment = own .. 'accepted:' .. id, receivedAt + skew
  local known = call('GET', key) or call('HGET', jobs .. id, 'content')
  if known then verdicts[#verdicts + 1] = known == content and 'duplicate' or 'conflict'
  else
    local day = string.format('%.0f', math.floor(moment / ${DAY_MS}))
    local cell = (group == '' and '${NO_GROUP}' or placeOf(group, moment, visitor, most, mostNew)) .. ' accepted -'
    call('SET', key, content, 'PX', lifeMs)
    add(day, cell, 'taken', 1)
    add(day, cell, 'accepted', 1)
    verdicts[#verdicts + 1] = 'accepted'
  end
end
if isCrowded then verdicts[#verdicts + 1] = 'crowded' end
return verdicts
`;

/** Counts in what a release without a ledger left or moved, some at a time. */
export const COUNT_IN = `
if call('EXISTS', own .. 'counted') == 1 then return '' end
local ids = call('ZRANGEBYSCORE', own .. 'arrivals', '(' .. (ARGV[1] == '' and '-inf' or ARGV[1]), '+inf',
  'WITHSCORES', 'LIMIT', 0, 1000)
for at = 1, #ids, 2 do
  local job = call('HMGET', jobs .. ids[at], 'state', 'failedReason')
  if job[1] then record(ids[at], columnOf(job[1], job[2])) end
end
if #ids == 0 then call('SET', own .. 'counted', 1) end
return ids[#ids] or ''
`;

/** Forgets the days before one. */
export const FORGET_DAYS = `
local today = math.floor((ARGV[1] + skewOf(ARGV[2])) / ${DAY_MS})
for _, day in ipairs(call('ZRANGEBYSCORE', own .. 'days', '-inf', '(' .. today - ARGV[3])) do
  call('DEL', own .. 'ledger:' .. day)
  call('ZREM', own .. 'days', day)
end
`;
