/**
 * How an event moves from state to state in Redis, in Lua: what every script of a lane has in common. The jobs and
 * the collections that they stand in are laid out as BullMQ reads them; beside them are our own keys, an index by
 * which the next event of an offer is found without a search.
 *
 * BullMQ's own transitions cannot keep the promise: adding does not tell a new job from a known one, a worker takes
 * what waits longest and no other, what waits can neither fail nor be held back, and each is a transaction of its own.
 */
import { LEDGER_TRANSITIONS } from './bullmq-counting.js';

/** Redis serves nobody else while a script runs: no more events than this in one. */
export const CHUNK = 1_000;

/**
 * Keys: `jobs`, BullMQ's prefix of the lane, and `own`, ours; the last one is where the site's name stands. The last
 * argument is the name of the site that asks, or empty. Every script begins with this.
 *
 * A job, beside BullMQ's fields: `content` a digest, `offer`, `state`, `arrival`, and while it is open `since` when it
 * began to wait and `due`, which is missing while its call is under way; `ends` when it expires, `first` when the
 * upstream may first have seen it, `doubt` after an attempt of unknown outcome, `again` once its key may be forgotten.
 *
 * Ours: `open` and `dead` (by arrival), `arrivals` (all), `since`, `ends` and `doubts` (by time), `calls` (by time),
 * `flying` (to its offer), `offer:…` its open events in order, `heads` (by time) of each offer, `tally`, `lease`, `note`,
 * `layout`, and `sessions`: how often those of the operator's page were ended.
 */
export const TRANSITIONS = `
local siteKey, site = table.remove(KEYS), table.remove(ARGV)
local jobs, own = KEYS[1], KEYS[2]
local call = redis.call
local MINUTE, LAST = 60000, 2 ^ 50

local function text(number) return string.format('%.0f', number) end

-- Machines whose clocks differ share one pace and one lease: a clock that is far from this one is read by it.
local function skewOf(wall)
  local time = call('TIME')
  local ahead = time[1] * 1000 + math.floor(time[2] / 1000) - wall
  return math.abs(ahead) > 5000 and ahead or 0
end

-- What a release that wrote the keys calls their layout.
local function isOfNewerRelease()
  return call('SETNX', own .. 'layout', 1) == 0 and tonumber(call('GET', own .. 'layout')) > 1
end
local NEWER = 'the keys in Redis were written by a newer release: run that one, or give another name'

-- Whose events these are: of the first site that asks, for good. Commands that only look have none.
local function isOfOtherSite()
  if site == '' then return false end
  local owner = call('GET', siteKey)
  if not owner then call('SET', siteKey, site) end
  return owner and owner ~= site
end

${LEDGER_TRANSITIONS}
local function count(name, state, offer, by)
  local field = name .. ' ' .. state .. ' ' .. offer
  if call('HINCRBY', own .. 'tally', field, by) <= 0 then call('HDEL', own .. 'tally', field) end
end

local function tallied(name, state, offer)
  return tonumber(call('HGET', own .. 'tally', name .. ' ' .. state .. ' ' .. offer) or 0)
end

local function read(id)
  local got = call('HMGET', jobs .. id, 'content', 'name', 'offer', 'state', 'arrival', 'due', 'since', 'ends', 'first',
    'doubt', 'atm')
  if not got[1] then return nil end
  return { id = id, name = got[2], offer = got[3], state = got[4], arrival = tonumber(got[5]), due = tonumber(got[6]),
    since = tonumber(got[7]), ends = tonumber(got[8]), first = tonumber(got[9]), doubt = got[10],
    attempts = tonumber(got[11] or 0) }
end

local function setState(job, state)
  if job.state == state then return end
  count(job.name, job.state, job.offer, -1)
  count(job.name, state, job.offer, 1)
  call('HSET', jobs .. job.id, 'state', state)
  job.state = state
end

-- Time first, then the order of arrival.
local function score(due, arrival) return text(due * 4096 + arrival % 4096) end

-- A viewed goes before a dismissed, else as they came.
local function rank(job) return text(job.name == 'dismissed' and LAST + job.arrival or job.arrival) end

-- Puts the next event of an offer where it is found; without order each event is the next.
local function setHead(offer)
  while true do
    local first = call('ZRANGE', own .. 'offer:' .. offer, 0, 0, 'WITHSCORES')
    if not first[1] or tonumber(first[2]) < 0 then return call('ZREM', own .. 'heads', offer) end
    local place = call('HMGET', jobs .. first[1], 'due', 'arrival')
    if place[1] then return call('ZADD', own .. 'heads', score(place[1], place[2]), offer) end
    -- Somebody removed the job.
    call('ZREM', own .. 'offer:' .. offer, first[1])
  end
end

local function leave(id)
  if call('ZREM', jobs .. 'prioritized', id) + call('ZREM', jobs .. 'delayed', id) == 0 then
    call('LREM', jobs .. 'active', 0, id)
  end
  call('HDEL', own .. 'flying', id)
end

-- From where it is to where it waits until it is due.
local function wait(job, due, now)
  leave(job.id)
  job.due = due
  local delay = math.max(0, due - now)
  call('HSET', jobs .. job.id, 'due', text(due), 'delay', text(delay))
  if delay > 0 then call('ZADD', jobs .. 'delayed', score(due, job.arrival), job.id)
  else call('ZADD', jobs .. 'prioritized', text(2 ^ 32 + job.arrival), job.id) end
  if ORDERED then
    call('ZADD', own .. 'offer:' .. job.offer, rank(job), job.id)
    setHead(job.offer)
  else call('ZADD', own .. 'heads', score(due, job.arrival), job.id) end
end

local function open(job, since, ends)
  call('ZADD', own .. 'open', text(job.arrival), job.id)
  call('ZADD', own .. 'since', text(since), job.id)
  if ends then call('ZADD', own .. 'ends', text(ends), job.id) end
  if job.doubt and job.first then call('ZADD', own .. 'doubts', text(job.first), job.id) end
end

local function close(id)
  for _, index in ipairs({ 'open', 'since', 'ends', 'doubts' }) do call('ZREM', own .. index, id) end
end

-- Forgets one whose job somebody removed.
local function drop(id, offer)
  leave(id)
  close(id)
  call('ZREM', own .. 'arrivals', id)
  call('ZREM', own .. 'dead', id)
  if ORDERED then
    call('ZREM', own .. 'offer:' .. offer, id)
    setHead(offer)
  else call('ZREM', own .. 'heads', id) end
end

local function settle(job, state, code, now)
  leave(job.id)
  close(job.id)
  setState(job, state)
  local key = jobs .. job.id
  call('HSET', key, 'finishedOn', text(now))
  call('HDEL', key, 'due', 'since', 'headers')
  if state == 'dead' then
    call('HSET', key, 'failedReason', code)
    call('ZADD', jobs .. 'failed', text(now), job.id)
    call('ZADD', own .. 'dead', text(job.arrival), job.id)
  else
    call('HDEL', key, 'first', 'ends', 'opts')
    call('ZADD', jobs .. 'completed', text(now), job.id)
  end
  if ORDERED then
    call('ZREM', own .. 'offer:' .. job.offer, job.id)
    setHead(job.offer)
  else call('ZREM', own .. 'heads', job.id) end
  record(job.id, columnOf(state, code))
end

-- A dismissed without its viewed would lift the funnel over 100 %.
local function takeAlong(offer, now)
  if not ORDERED or tallied('viewed', 'dead', offer) == 0 then return end
  for _, state in ipairs({ 'waiting', 'forwarding', 'done' }) do
    if tallied('viewed', state, offer) > 0 then return end
  end
  for _, id in ipairs(call('ZRANGEBYSCORE', own .. 'offer:' .. offer, text(LAST), '+inf')) do
    local job = read(id)
    if job and job.state == 'waiting' then settle(job, 'dead', 'viewed_dead', now) end
  end
end

local function giveUp(job, code, now)
  settle(job, 'dead', code, now)
  takeAlong(job.offer, now)
end

-- Dead letters wait anew. Whoever asks for it knows that an offer has ended; the upstream's own limit of age stays.
local function revive(job, now)
  call('ZREM', jobs .. 'failed', job.id)
  call('ZREM', own .. 'dead', job.id)
  call('HDEL', jobs .. job.id, 'failedReason', 'finishedOn', 'first', 'doubt')
  -- Whoever lets it wait anew has decided that it may be asked again.
  if job.doubt then call('HSET', jobs .. job.id, 'again', '1') end
  job.first, job.doubt = nil, nil
  setState(job, 'waiting')
  record(job.id, 'waiting')
  call('HSET', jobs .. job.id, 'since', text(now))
  open(job, now, job.ends)
  wait(job, now, now)
end
`;
