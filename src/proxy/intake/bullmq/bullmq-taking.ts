/** Taking events into Redis, in Lua. */

import { PLACES } from './bullmq-counting.js';

/** Takes events: what is new is added to both lanes, what is known is compared. */
export const TAKE = `
if isOfNewerRelease() then return redis.error_reply(NEWER) end
${PLACES}local jobsUsage, ownUsage = KEYS[3], KEYS[4]
local skew, free, most, mostNew = skewOf(ARGV[1]), ARGV[2] - call('ZCARD', own .. 'open'), ARGV[3], ARGV[4]
local verdicts = {}

local function insert(jobs, own, event, content, shown, ends)
  local arrival, at = call('INCR', own .. 'arrival'), text(event.at)
  local key = jobs .. event.id
  call('HSET', key, 'name', event.name, 'data', shown, 'opts', '{"priority":1}', 'timestamp', at, 'delay', '0',
    'priority', '1', 'content', content, 'offer', event.offer, 'state', 'waiting', 'arrival', text(arrival),
    'since', at, 'due', at, 'atm', '0')
  call('ZADD', own .. 'arrivals', text(arrival), event.id)
  call('ZADD', own .. 'open', text(arrival), event.id)
  call('ZADD', own .. 'since', at, event.id)
  call('ZADD', jobs .. 'prioritized', text(2 ^ 32 + arrival), event.id)
  call('HINCRBY', own .. 'tally', event.name .. ' waiting ' .. event.offer, 1)
  if ends then
    call('HSET', key, 'ends', text(ends))
    call('ZADD', own .. 'ends', text(ends), event.id)
  end
  return arrival
end

for at = 5, #ARGV, 13 do
  local id, name, offer, receivedAt, content, shown, ends, headers, usage, usageEnds = unpack(ARGV, at, at + 9)
  local group, reason, visitor = unpack(ARGV, at + 10, at + 12)
  local event = { id = id, name = name, offer = offer, at = receivedAt + skew }
  local known = call('HGET', jobs .. id, 'content')
  -- Ids of version 8 are what the host's own programs report, also as accepted.
  if not known and string.sub(id, 15, 15) == '8' then known = call('GET', own .. 'accepted:' .. id) end
  if known then verdicts[#verdicts + 1] = known == content and 'duplicate' or 'conflict'
  elseif free <= 0 then verdicts[#verdicts + 1] = 'overloaded'
  else
    free = free - 1
    verdicts[#verdicts + 1] = 'accepted'
    if usage ~= '' and call('EXISTS', jobsUsage .. id) == 0 then
      local arrival = insert(jobsUsage, ownUsage, event, '', usage, tonumber(usageEnds))
      call('ZADD', ownUsage .. 'heads', score(event.at, arrival), id)
    end
    local arrival = insert(jobs, own, event, content, shown, tonumber(ends))
    if group ~= '' then call('HSET', jobs .. id, 'group', placeOf(group, event.at, visitor, most, mostNew)) end
    if reason ~= '' then call('HSET', jobs .. id, 'reason', reason) end
    record(id, 'waiting')
    if headers ~= '' then call('HSET', jobs .. id, 'headers', headers) end
    call('ZADD', own .. 'offer:' .. offer, rank({ name = name, arrival = arrival }), id)
    setHead(offer)
    -- Its viewed may have died before it came.
    if name == 'dismissed' then takeAlong(offer, event.at) end
  end
end
if isCrowded then verdicts[#verdicts + 1] = 'crowded' end
return verdicts
`;
