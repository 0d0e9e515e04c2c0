/** What is kept in Redis, in Lua: looked at, tried anew, forgotten, put right. */

import { MEMORY_MS, PURGED } from '../rules.js';
import { CHUNK } from './bullmq-transitions.js';

/** How the lane stands. */
export const STATUS = `
local skew = skewOf(ARGV[2])
local now = ARGV[1] + skew
local oldest = call('ZRANGE', own .. 'since', 0, 0, 'WITHSCORES')[2]
return { call('ZCARD', own .. 'open'), oldest and text(oldest - skew) or '',
  call('ZCOUNT', own .. 'calls', '(' .. text(now - MINUTE), text(now + MINUTE)), call('GET', own .. 'note') or '{}' }
`;

/** Events, newest first; looks at a bounded number of them, and tells how far it came. */
export const LIST = `
local before, limit, offer, since, states = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5]
local wanted = ARGV[6]
local function holds(state) return string.find(states, state, 1, true) end
local found = {}
local function look(index)
  local ids = call('ZREVRANGEBYSCORE', own .. index, before, '-inf', 'WITHSCORES', 'LIMIT', 0, ${CHUNK})
  for at = 1, #ids, 2 do found[#found + 1] = { ids[at], tonumber(ids[at + 1]) } end
end
if wanted ~= '' then
  local arrival = before == '+inf' and call('HGET', jobs .. wanted, 'arrival')
  if arrival then found[1] = { wanted, tonumber(arrival) } end
elseif holds('done') then look('arrivals') else
  if holds('waiting') or holds('forwarding') then look('open') end
  if holds('dead') then look('dead') end
end
table.sort(found, function(one, other) return one[2] > other[2] end)
local rows, looked = {}, ''
for at = 1, math.min(#found, ${CHUNK}) do
  if #rows == limit then break end
  local id = found[at][1]
  looked = text(found[at][2])
  local fields = call('HMGET', jobs .. id, 'state', 'offer', 'timestamp')
  if fields[1] and holds(fields[1]) and (offer == '' or offer == fields[2]) and tonumber(fields[3]) >= since then
    rows[#rows + 1] = show(id)
  end
end
return { rows, looked }
`;

/** Gives up what waits, and marks dead letters alike. */
export const PURGE = `
local now, purged, offers = ARGV[1] + skewOf(ARGV[2]), 0, {}
for at = 3, #ARGV do
  local job = read(ARGV[at])
  if job and job.state == 'waiting' then
    settle(job, 'dead', '${PURGED}', now)
    offers[job.offer] = true
    purged = purged + 1
  elseif job and job.state == 'dead' and call('HGET', jobs .. job.id, 'failedReason') ~= '${PURGED}' then
    call('HSET', jobs .. job.id, 'failedReason', '${PURGED}')
    record(job.id, 'purged')
    purged = purged + 1
  end
end
for offer in pairs(offers) do takeAlong(offer, now) end
return purged
`;

/** Lets dead letters wait anew, but those with the code that is named to be left. */
export const RETRY = `
local now, retried, alone, left = ARGV[1] + skewOf(ARGV[2]), 0, {}, ARGV[3]
for at = 4, #ARGV do
  local job = read(ARGV[at])
  if job and job.state == 'dead' and (left == '' or call('HGET', jobs .. job.id, 'failedReason') ~= left) then
    revive(job, now)
    retried = retried + 1
    if job.name == 'dismissed' then table.insert(alone, job) end
  end
end
-- A dismissed alone stays with its viewed.
for _, job in ipairs(alone) do
  takeAlong(job.offer, now)
  if read(job.id).state == 'dead' then retried = retried - 1 end
end
return retried
`;

/** Forgets what was settled long ago. */
export const FORGET = `
local before, left = ARGV[1] + skewOf(ARGV[2]) - ${MEMORY_MS}, 0
for _, standing in ipairs({ 'completed', 'failed' }) do
  for _, id in ipairs(call('ZRANGEBYSCORE', jobs .. standing, '-inf', '(' .. text(before), 'LIMIT', 0, ${CHUNK})) do
    local job = read(id)
    if job then
      -- A process of a release without a ledger may have settled it.
      record(id, columnOf(job.state, call('HGET', jobs .. id, 'failedReason')))
      count(job.name, job.state, job.offer, -1)
    end
    call('DEL', jobs .. id)
    call('ZREM', jobs .. standing, id)
    call('ZREM', own .. 'arrivals', id)
    call('ZREM', own .. 'dead', id)
    left = left + 1
  end
end
return left
`;

/** Puts right what somebody did to jobs with other tools, which know nothing of our own keys. */
export const MEND = `
local now, from = ARGV[1] + skewOf(ARGV[2]), ARGV[3]
local mended = 0
local function restore(job)
  mended = mended + 1
  if job.state == 'dead' then revive(job, now)
  elseif job.state == 'done' then
    -- The upstream has it: it is not sent again.
    leave(job.id)
    call('HSET', jobs .. job.id, 'finishedOn', text(now))
    call('ZADD', jobs .. 'completed', text(now), job.id)
  else
    open(job, job.since, job.ends)
    wait(job, job.due or 0, now)
  end
end
if from == '' then
  for _, list in ipairs({ 'wait', 'paused' }) do
    for _, id in ipairs(call('LRANGE', jobs .. list, 0, ${CHUNK})) do
      local job = read(id)
      if job then
        call('LREM', jobs .. list, 0, id)
        restore(job)
      end
    end
  end
end
local ids = call('ZRANGEBYSCORE', own .. 'arrivals', '(' .. (from == '' and '-inf' or from), '+inf',
  'WITHSCORES', 'LIMIT', 0, ${CHUNK})
for at = 1, #ids, 2 do
  local id = ids[at]
  local job = read(id)
  if not job then
    mended = mended + 1
    drop(id, call('HGET', own .. 'flying', id) or '')
  else
    local isStanding = call('ZSCORE', jobs .. 'prioritized', id) or call('ZSCORE', jobs .. 'delayed', id)
    if job.since then
      if not isStanding and call('HEXISTS', own .. 'flying', id) == 0 then restore(job) end
    elseif isStanding then restore(job)
    elseif not call('ZSCORE', jobs .. (job.state == 'dead' and 'failed' or 'completed'), id) then
      mended = mended + 1
      local finished = call('HGET', jobs .. id, 'finishedOn') or text(now)
      call('ZADD', jobs .. (job.state == 'dead' and 'failed' or 'completed'), finished, id)
    end
  end
end
return { ids[#ids] or '', mended }
`;
