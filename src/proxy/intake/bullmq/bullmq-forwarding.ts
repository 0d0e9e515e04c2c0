/** Leading, beginning and finishing in Redis, in Lua: what whoever forwards does. */

import { LEAD_MS } from '../lease.js';
import { KEY_WINDOW_MS, LONGEST_WAIT_MS, SLACK_MS } from '../rules.js';
import { CHUNK } from './bullmq-transitions.js';

/** Becomes or stays the one process that forwards; tells in what our keys and the jobs differ. */
export const LEAD = `
if isOfNewerRelease() then return redis.error_reply(NEWER) end
local token, host, pid, over = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local now = ARGV[1] + skewOf(ARGV[2])
local held = call('HMGET', own .. 'lease', 'token', 'host', 'pid', 'until')
local isOurs, ends = held[1] == token, tonumber(held[4] or 0)
-- A lease further ahead than any that is given out was made under another clock.
local isFresh = ends > now and ends <= now + ${LEAD_MS + SLACK_MS}
if isFresh and not isOurs and held[1] ~= over then return { 0, held[1], held[2], held[3] } end
if not isOurs then
  -- Nobody knows what came of the calls of whoever led before.
  local flying = call('HGETALL', own .. 'flying')
  for at = 1, #flying, 2 do
    local id, offer = flying[at], flying[at + 1]
    local job = read(id)
    if job then
      -- Its call may have reached the upstream at any time until now.
      call('ZADD', own .. 'calls', text(now), id .. ' ' .. text(job.attempts))
      job.doubt = '1'
      call('HSET', jobs .. id, 'doubt', '1')
      open(job, job.since, job.ends)
      wait(job, 0, now)
    else drop(id, offer) end
  end
  for _, id in ipairs(call('ZRANGE', own .. 'doubts', 0, ${CHUNK})) do
    local job = read(id)
    if job and job.state == 'forwarding' and job.due and job.due > 0 then wait(job, 0, now) end
  end
end
-- A process of a release without a ledger has led since.
local lease = own .. 'lease'
if not isOurs and call('HGET', lease, 'ledger') ~= (held[1] or '') then call('DEL', own .. 'counted') end
call('HSET', lease, 'token', token, 'host', host, 'pid', pid, 'until', text(now + ${LEAD_MS}), 'ledger', token)
call('ZREMRANGEBYSCORE', own .. 'calls', '-inf', text(now - MINUTE))
local stray = call('LLEN', jobs .. 'wait') + call('LLEN', jobs .. 'paused')
local standing = call('ZCARD', jobs .. 'prioritized') + call('ZCARD', jobs .. 'delayed') + call('LLEN', jobs .. 'active')
local failed, settled = call('ZCARD', jobs .. 'failed'), call('ZCARD', jobs .. 'completed')
local isWhole = stray == 0 and standing == call('ZCARD', own .. 'open') and failed == call('ZCARD', own .. 'dead')
  and standing + failed + settled == call('ZCARD', own .. 'arrivals')
return { 1, isWhole and '' or stray .. ' ' .. standing .. ' ' .. failed .. ' ' .. settled }
`;

/** Stops leading. */
export const RESIGN = `
local lease = own .. 'lease'
if call('HGET', lease, 'token') == ARGV[1] then
  call('DEL', lease)
  -- Who led last kept the ledger.
  call('HSET', lease, 'ledger', '')
end
`;

/** Gives up what is overdue, then begins what is due, as far as the pace allows. */
export const BEGIN = `
local skew = skewOf(ARGV[2])
local now, limit, perMinute, maxDelay = ARGV[1] + skew, tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local isOnce, token = ARGV[6] == '1', ARGV[7]
-- How old an event is, is judged by a clock that may have jumped ahead; Redis's own did not.
local past = now - (skew == 0 and ARGV[8] or 0)
-- Of a process that led before, and whose request was on its way for long: nobody would learn what it began.
if token ~= '' and call('HGET', own .. 'lease', 'token') ~= token then return { {}, '', 0 } end

local expired, given, bereft = 0, 0, {}
-- Whether it was given up: nothing is, under its call.
local function isGiven(job)
  if not job.due then return false end
  local isLate = job.since < past - maxDelay
  if isLate or (job.ends and job.ends <= past) then
    settle(job, 'dead', 'expired', now)
    if isLate then expired = expired + 1 end
  elseif isOnce and job.doubt and job.due <= now and job.first and job.first < now - ${KEY_WINDOW_MS} then
    settle(job, 'dead', 'unknown_outcome', now)
  else return false end
  given = given + 1
  bereft[job.offer] = true
  return true
end
local function sweep(index, before)
  local most = ${CHUNK} + call('LLEN', jobs .. 'active')
  for _, id in ipairs(call('ZRANGEBYSCORE', own .. index, '-inf', before, 'LIMIT', 0, most)) do
    local job = read(id)
    if job then isGiven(job) else close(id) end
  end
end
sweep('since', '(' .. text(past - maxDelay))
sweep('ends', text(past))
if isOnce then sweep('doubts', '(' .. text(now - ${KEY_WINDOW_MS})) end
for offer in pairs(bereft) do takeAlong(offer, now) end

local heads = own .. 'heads'
-- A time to wait until, from a clock that has been put right since, would hold its offer back.
for _, head in ipairs(call('ZRANGEBYSCORE', heads, score(now + ${LONGEST_WAIT_MS} + 1, 0), '+inf', 'LIMIT', 0, ${CHUNK})) do
  local job = read(ORDERED and call('ZRANGE', own .. 'offer:' .. head, 0, 0)[1] or head)
  if job then wait(job, now, now) elseif ORDERED then setHead(head) else drop(head, '') end
end

-- Calls of the far future were made under another clock.
local from, to = '(' .. text(now - MINUTE), text(now + MINUTE)
local calls = call('ZCOUNT', own .. 'calls', from, to)
local oldest = call('ZRANGEBYSCORE', own .. 'calls', from, to, 'WITHSCORES', 'LIMIT', 0, 1)[2]
local room = math.max(0, math.min(limit, perMinute - calls))
local rows = {}
while #rows < room and given < ${CHUNK} do
  local head = call('ZRANGEBYSCORE', heads, '-inf', '(' .. score(now + 1, 0), 'LIMIT', 0, 1)[1]
  if not head then break end
  local job = read(ORDERED and call('ZRANGE', own .. 'offer:' .. head, 0, 0)[1] or head)
  if not job then
    if ORDERED then setHead(head) else drop(head, '') end
  elseif isGiven(job) then takeAlong(job.offer, now)
  else
    local key = jobs .. job.id
    leave(job.id)
    call('LPUSH', jobs .. 'active', job.id)
    call('HSET', own .. 'flying', job.id, job.offer)
    if job.doubt and job.first and job.first < now - ${KEY_WINDOW_MS} then call('HSET', key, 'again', '1') end
    setState(job, 'forwarding')
    call('HSET', key, 'first', text(job.first or now), 'processedOn', text(now), 'delay', '0')
    call('HDEL', key, 'due')
    call('ZADD', own .. 'calls', text(now), job.id .. ' ' .. text(call('HINCRBY', key, 'atm', 1)))
    call('ZREM', heads, head)
    if ORDERED then call('ZADD', own .. 'offer:' .. job.offer, -1, job.id) end
    rows[#rows + 1] = show(job.id)
  end
end

local nextAt = ''
if given >= ${CHUNK} then nextAt = text(now - skew)
elseif #rows == room and calls + #rows >= perMinute then
  -- Out of pace: the oldest call has to leave the window first.
  nextAt = text((oldest or now) + MINUTE + 1 - skew)
else
  local later = call('ZRANGEBYSCORE', heads, score(now + 1, 0), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if later then nextAt = text(math.floor(later / 4096) - skew) end
end
return { rows, nextAt, expired }
`;

/** Records what came of events. */
export const FINISH = `
local skew = skewOf(ARGV[2])
local now = ARGV[1] + skew
for at = 3, #ARGV, 4 do
  local id, kind, detail, attempt = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
  local job = read(id)
  if not job then
    local offer = call('HGET', own .. 'flying', id)
    if offer then drop(id, offer) end
  else
    -- The upstream counts a call some time between its beginning and its end.
    local made = id .. ' ' .. text(attempt or job.attempts)
    local begunAt = call('ZSCORE', own .. 'calls', made)
    if begunAt and tonumber(begunAt) < now then call('ZADD', own .. 'calls', text(now), made) end
    if job.since then
      if kind == 'done' then settle(job, 'done', nil, now)
      elseif kind == 'dead' then giveUp(job, detail, now)
      elseif not attempt or attempt == job.attempts then
        local key = jobs .. id
        if kind == 'ambiguous' then
          job.doubt = '1'
          call('HSET', key, 'doubt', '1')
        elseif not job.doubt then
          -- The upstream can have remembered a key only from a call that may have reached it.
          call('HDEL', key, 'first')
        end
        if job.doubt and job.first then call('ZADD', own .. 'doubts', text(job.first), id) end
        setState(job, kind == 'ambiguous' and 'forwarding' or 'waiting')
        wait(job, detail + skew, now)
      end
    end
  end
end
`;
