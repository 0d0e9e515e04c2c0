/** What the process that forwards does in Redis, in Lua: leading, beginning and finishing. */

import { DRIFT_MS } from '../../forward/jumps.js';
import { LEAD_MS } from '../lease.js';
import { DAY_MS } from '../ledger.js';
import { KEY_WINDOW_MS, LONGEST_WAIT_MS, MEMORY_MS, SLACK_MS } from '../rules.js';
import { PORTION, STEP } from './redis-events.js';
import { MOVES } from './redis-taking.js';

const MINUTE_MS = 60_000;

/** Becomes or stays the one process that forwards. */
export const LEAD = `${MOVES}
local now, token, host, pid, over = ARGV[4] + skew, ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local held = call('HMGET', own .. 'lane', 'token', 'host', 'pid', 'until')
local ends = tonumber(held[4] or 0)
-- A lease further ahead than any that is given out was made under another clock.
local isFresh = ends > now and ends <= now + ${LEAD_MS + SLACK_MS}
if isFresh and held[1] ~= token and held[1] ~= over then return { 0, clock, held[1], held[2], held[3] } end
if held[1] ~= token then
  for _, n in ipairs(call('HVALS', own .. 'flying')) do
    local e = load(n)
    -- Its call may have reached the upstream at any time until now.
    add('calls', now, n .. ' ' .. e.attempts) add('unknown', e.first, n)
    e.isAmbiguous = true
    wait(e, 0)
  end
  for _, n in ipairs(call('ZRANGE', own .. 'unknown', 0, ${PORTION})) do
    local e = load(n)
    if e.state == 'forwarding' and e.due > 0 then wait(e, 0) end
  end
end
call('HSET', own .. 'lane', 'token', token, 'host', host, 'pid', pid, 'until', text(now + ${LEAD_MS}))
call('ZREMRANGEBYSCORE', own .. 'calls', '-inf', now - ${MINUTE_MS})
return { 1, clock }`;

/**
 * Gives up events that waited too long, and forgets old ones. Then begins events that are due, as far as the pace
 * allows.
 */
export const BEGIN = `${MOVES}
local now, limit, perMinute, maxDelay = ARGV[4] + skew, tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
-- The age of an event is judged by a clock that may have jumped ahead. Too much grace only gives it up later.
local jumped = ARGV[13] ~= '' and clock - ARGV[13] or 0
local past, isOnce, token = now - max(ARGV[8] + 0, ARGV[12] + (jumped > ${DRIFT_MS} and jumped or 0)), ARGV[9] == '1', ARGV[10]
-- The request is from a process that no longer leads. Nobody would learn what it began.
if token ~= '' and get('lane', 'token') ~= token then return { {}, '', 0, clock } end
local given, expired, unseen, isMore = 0, 0, {}, false
local function sweep(index, before, code)
  for _, n in ipairs(between(index, '-inf', before, ${PORTION} + call('HLEN', own .. 'flying'))) do
    local e = load(n)
    -- An event whose call is under way is not given up, since the outcome of the call decides.
    if e.due and (index ~= 'unknown' or e.due <= now) then
      settle(e, 'dead', code, now)
      unseen[e.offerId], given, expired = true, given + 1, expired + (index == 'since' and 1 or 0)
    end
  end
end
sweep('since', '(' .. text(past - maxDelay), 'expired')
sweep('ends', text(past), 'expired')
if isOnce then sweep('unknown', '(' .. text(now - ${KEY_WINDOW_MS}), 'unknown_outcome') end
for offer in pairs(unseen) do takeAlong(offer, now) end

local function forget(index, before, most, of)
  local old = between(index, '-inf', '(' .. text(before), most)
  for _, one in ipairs(old) do drop(index, one) of(one) end
  isMore = isMore or #old == most
end
forget('settled', past - ${MEMORY_MS}, 100, function(n)
  local e = load(n)
  countView(e, -1) countDead(e, -1) unset('events', n) unset('ids', e.id) drop('dead', n)
end)
-- A day has as many cells as groups, types and reasons allow.
forget('days', math.floor(past / ${DAY_MS}) - ARGV[11], 1, function(day) call('UNLINK', own .. 'ledger:' .. day) end)
-- Finds where lists end.
local floor, arrival = tonumber(get('lane', 'floor') or 1), tonumber(get('lane', 'arrival') or 0)
local kept = floor
while kept <= arrival and kept < floor + ${PORTION} and not get('events', kept) do kept = kept + 1 end
if kept > floor then put('lane', 'floor', kept) end
-- A time to wait until, from a clock that has been put right since, would hold its line back.
for _, due in ipairs({ { '-inf', text(now) }, { '(' .. text(now + ${LONGEST_WAIT_MS}), '+inf' } }) do
  local ripe = between('due', due[1], due[2], ${PORTION})
  for _, line in ipairs(ripe) do ready(line) end
  isMore = isMore or #ripe == ${PORTION}
end

-- Calls of the far future were made under another clock.
local from, to = '(' .. text(now - ${MINUTE_MS}), text(now + ${MINUTE_MS})
local calls, oldest = call('ZCOUNT', own .. 'calls', from, to), between('calls', from, to, 1)[1]
-- If more events are overdue, none is begun before they are given up.
local room = given >= ${PORTION} and 0 or max(0, math.min(limit, perMinute - calls))
local rows, looks, turn = {}, 0, tonumber(get('lane', 'turn') or 0)
while #rows < room and looks < limit + ${PORTION} do
  local line, score = unpack(call('ZRANGE', own .. 'ready', 0, 0, 'WITHSCORES'))
  if not line then break end
  looks = looks + 1
  local e = load(headOf(line))
  local view = e and e.lone and firstView('offers', e.offerId)
  -- Somebody has removed it.
  if not e then drop('ready', line)
  elseif e.attempts and e.due > now and e.due <= now + ${LONGEST_WAIT_MS} then setAside(line, e.due)
  elseif view and view < e.n then drop('ready', line) add('blocked', 0, slot(e.offerId, e))
  elseif e.type == 'dismissed' and e.state == 'waiting' and areViewsDead(e.offerId) then settle(e, 'dead', 'viewed_dead', now)
  else
    drop('ready', line) put('flying', line, e.n)
    e.maybeDuplicate = e.maybeDuplicate or (e.isAmbiguous and e.first and e.first < now - ${KEY_WINDOW_MS}) or nil
    e.state, e.due, e.first, e.attempts = 'forwarding', nil, e.first or now, (e.attempts or 0) + 1
    add('calls', now, text(e.n) .. ' ' .. e.attempts) keep(e)
    turn, rows[#rows + 1] = max(turn, math.floor(score / ${STEP})), encode(e)
  end
end
if ORDERED then put('lane', 'turn', turn) end
local later = call('ZRANGEBYSCORE', own .. 'due', '(' .. text(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
local nextAt = later and text(later - skew) or ''
if isMore or given >= ${PORTION} or looks >= limit + ${PORTION} then nextAt = text(now - skew + 100) end
-- Out of pace: the oldest call has to leave the window first.
if #rows == room and calls + #rows >= perMinute then
  nextAt = text((oldest and call('ZSCORE', own .. 'calls', oldest) or now) + ${MINUTE_MS + 1} - skew)
end
return { rows, nextAt, expired, clock }`;

/** Records what came of events. */
export const FINISH = `${MOVES}
local now = ARGV[4] + skew
for _, came in ipairs(decode(ARGV[5])) do
  local e, isUnknown = load(numberOf(came.id)), came.kind == 'ambiguous'
  -- The upstream counts a call some time between its beginning and its end.
  local made = e and text(e.n) .. ' ' .. (came.attempt or e.attempts or 0)
  if e and tonumber(call('ZSCORE', own .. 'calls', made) or now) < now then add('calls', now, made) end
  if not e or e.settledAt then
  elseif came.kind == 'done' then settle(e, 'done', nil, now)
  elseif (came.attempt or e.attempts) ~= e.attempts then -- A later call decides.
  elseif came.kind == 'dead' then settle(e, 'dead', came.code, now) takeAlong(e.offerId, now)
  else
    e.state, e.isAmbiguous = isUnknown and 'forwarding' or 'waiting', e.isAmbiguous or isUnknown or nil
    -- The upstream can have remembered a key only from a call that may have reached it.
    if not e.isAmbiguous then e.first = nil elseif e.first then add('unknown', e.first, e.n) end
    wait(e, came.dueAt > 0 and came.dueAt + skew or 0)
  end
end`;
