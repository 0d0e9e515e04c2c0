/** Taking events into Redis, in Lua, and what each script checks first. */
import { DAY_MS, GROUP_DAYS, NEW_GROUPS_A_VISITOR, OTHER_GROUPS } from '../ledger.js';

/** Takes the place of the visitor who names a group, if the host has listed that group. */
export const LISTED = '=';
/** The number of the keys' layout. Version 0.1 had the first one. */
export const LAYOUT = 2;
/** The first words of errors for which the intake has messages. */
export const FAULTS = {
  otherSite: 'OTHERSITE',
  unprepared: 'UNPREPARED',
  moving: 'MOVING',
  newer: 'NEWER',
} as const;

/** The start of every script. Scripts that write have to wait while events of an earlier release are moved. */
const guard = (isWriting: boolean, waits: string): string => `
local layout, owner, moving = unpack(call('HMGET', intake, 'layout', 'site', 'moving'))
if tonumber(layout or 0) > ${LAYOUT} then return redis.error_reply('${FAULTS.newer}') end
owner = owner or call('GET', KEYS[1] .. '/site') -- where version 0.1 kept it
if site ~= '' and owner and owner ~= site then return redis.error_reply('${FAULTS.otherSite} ' .. owner) end
${isWriting ? `if not layout then return redis.error_reply('${FAULTS.unprepared}') end` : ''}
-- The first site that asks owns the intake for good. A script that only looks names no site.
${isWriting ? "if site ~= '' and not owner then call('HSET', intake, 'site', site) end" : ''}
${waits}`;
/** The start of a script that only looks. */
export const LOOKS = guard(false, '');
/** The start of a script that takes. */
export const TAKES = guard(true, `if moving == 'ids' then return redis.error_reply('${FAULTS.moving}') end`);
/**
 * If the first write is one that a full Redis allows, the rest of a script may write also. So waiting events can still
 * leave.
 */
export const THOUGH_FULL = "call('DEL', own .. 'none')";
/** The start of a script that changes events which were taken. */
export const MOVES = `${THOUGH_FULL}${guard(true, `if moving then return redis.error_reply('${FAULTS.moving}') end`)}`;

const PLACES = `
local named, isCrowded, mostGroups, mostNew = {}, false, tonumber(ARGV[6]), tonumber(ARGV[7])
local function name(e) if e.group and e.namer ~= '${LISTED}' then named[e.group] = true end end
local function placeOf(group, at, namer)
  local day, last, newcomers = text(math.floor(at / ${DAY_MS})), call('ZSCORE', own .. 'groups', group), own .. 'newcomers'
  if group == '${OTHER_GROUPS}' or namer == '${LISTED}' or last == day then return group end
  if last then add('groups', day, group) return group end
  local function isFull() return call('ZCARD', own .. 'groups') >= mostGroups end
  -- Only if there is no room, so that a clock that is wrong for a moment removes none, and none that this request names.
  for _, old in ipairs(isFull() and between('groups', '-inf', '(' .. text(day - ${GROUP_DAYS}), -1) or {}) do
    if not named[old] then drop('groups', old) drop('groups-first', old) end
  end
  if get('newcomers', 'day') ~= day then call('DEL', newcomers) put('newcomers', 'day', day) end
  call('PEXPIRE', newcomers, ${2 * DAY_MS})
  local isGreedy = namer and tonumber(get('newcomers', namer) or 0) >= ${NEW_GROUPS_A_VISITOR}
  if isGreedy or isFull() or call('ZCOUNT', own .. 'groups-first', day, day) >= mostNew then
    isCrowded = true
    return '${OTHER_GROUPS}'
  end
  add('groups', day, group) add('groups-first', day, group)
  if namer then call('HINCRBY', newcomers, namer, 1) end
  return group
end
local verdicts = {}
local function answer()
  if isCrowded then verdicts[#verdicts + 1] = 'crowded' end
  return verdicts
end`;

/** Why an intake does not take an event of another type, such as one that only the ledger counts. */
const UNFORWARDED = 'only viewed and dismissed are ever forwarded';

/** Takes events: new ones are added to both lanes, and known ones are compared. */
export const TAKE = `${TAKES}${PLACES}
local free, fresh, known, viewed, given, views = ARGV[5] - call('ZCARD', own .. 'open'), {}, {}, {}, decode(ARGV[4]), 0
for _, e in ipairs(given) do views = views + (e.type == 'viewed' and 1 or 0) end
for at, e in ipairs(given) do
  if e.type ~= 'viewed' and e.type ~= 'dismissed' then return redis.error_reply('${UNFORWARDED}') end
  local held = known[e.id] or contentOf(e.id)
  -- Ids of version 8 are what the host's own programs report, also as accepted.
  if not held and string.sub(e.id, 15, 15) == '8' then held = call('GET', own .. 'accepted:' .. e.id) end
  -- The last places are for the views of a request: its dismissed must not be sent without them.
  views = views - (e.type == 'viewed' and 1 or 0)
  local hasRoom, isSame = free > (e.type == 'viewed' and 0 or views), held == e.content
  verdicts[at] = held and (isSame and 'duplicate' or 'conflict') or hasRoom and 'accepted' or 'overloaded'
  if verdicts[at] == 'accepted' then
    free, known[e.id], fresh[#fresh + 1] = free - 1, e.content, e
    if e.type == 'viewed' then viewed[e.line] = true end
    name(e)
  end
end
-- It changes nothing, and Redis still refuses it if it does not write.
if #verdicts == 0 then call('HINCRBY', own .. 'lane', 'arrival', 0) end
local function insert(e, content)
  e.n = call('HINCRBY', own .. 'lane', 'arrival', 1)
  e.state, e.since, e.due = 'waiting', e.receivedAt, e.receivedAt
  put('ids', e.id, text(e.n) .. ' ' .. content)
  countView(e, 1) count(e, 1, 1) open(e)
end
for _, e in ipairs(fresh) do
  local content, usage, namer = e.content, e.usage, e.namer
  e.content, e.usage, e.namer, e.receivedAt = nil, nil, nil, e.receivedAt + skew
  if e.group then e.group = placeOf(e.group, e.receivedAt, namer) end
  enter('usage')
  if usage and not numberOf(e.id) then usage.receivedAt = e.receivedAt insert(usage, '') end
  enter('events')
  -- If no view of its visitor is open, it waits for those of everybody, since a phone may have changed its network.
  e.lone = e.type == 'dismissed' and not viewed[e.line] and not firstView('queue', e.line) or nil
  insert(e, content)
  -- Its viewed may have died before it came. While events are moved, not all views are counted.
  if e.type == 'dismissed' and not moving and areViewsDead(e.offerId) then settle(e, 'dead', 'viewed_dead', e.receivedAt) end
end
return answer()`;

/** Counts what the billing system reported, each once. */
export const ACCEPT = `${TAKES}${PLACES}
local fresh = {}
for at, e in ipairs(decode(ARGV[4])) do
  local key = own .. 'accepted:' .. e.id
  local held = call('GET', key) or contentOf(e.id)
  verdicts[at] = held and (held == e.content and 'duplicate' or 'conflict') or 'accepted'
  if not held then fresh[#fresh + 1] = e name(e) call('SET', key, e.content, 'PX', ARGV[5]) end
end
for _, e in ipairs(fresh) do
  e.type, e.receivedAt = 'accepted', e.receivedAt + skew
  if e.group then e.group = placeOf(e.group, e.receivedAt, e.namer) end
  count(e, 1, 1) count(e, 6, 1)
end
return answer()`;

/** Reads the contents that ids were taken with. */
export const KNOWS = `${TAKES}
local contents = {}
for at, id in ipairs(decode(ARGV[4])) do contents[at] = contentOf(id) or '' end
return contents`;
