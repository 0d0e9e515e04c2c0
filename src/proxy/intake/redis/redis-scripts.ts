/** What an intake does in Redis: one Lua script for each method, so that each is one transaction. */
import { PURGED } from '../../telling/dead-codes.js';
import { EVENTS, PORTION } from './redis-events.js';
import { BEGIN, FINISH, LEAD } from './redis-forwarding.js';
import { SHARE } from './redis-sharing.js';
import { ACCEPT, KNOWS, LOOKS, MOVES, TAKE, THOUGH_FULL } from './redis-taking.js';

const STATUS = `${LOOKS}
local now, oldest = ARGV[4] + skew, call('ZRANGE', own .. 'since', 0, 0, 'WITHSCORES')[2]
local lastMinute = call('ZCOUNT', own .. 'calls', '(' .. text(now - 60000), text(now + 60000))
return { call('ZCARD', own .. 'open'), oldest and text(oldest - skew) or '', lastMinute, get('lane', 'note') or '{}',
  call('HGETALL', own .. 'dead-codes') }`;

/** Lists events, the last that arrived first, and where to continue. Leaves out those that are not of a visitor. */
const LIST = `${LOOKS}
local before, most, index, id, visitor, numbers, rows = ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8] .. ' ', {}, {}
local from = before == '' and tonumber(get('lane', 'arrival') or 0) or before - 1
if id ~= '' then index, numbers[1] = '', numberOf(id)
elseif index == '' then for n = from, max(get('lane', 'floor') or 1, from - most + 1), -1 do numbers[#numbers + 1] = n end end
for name in string.gmatch(index, '%S+') do
  local some = call('ZREVRANGEBYSCORE', own .. name, from, '-inf', 'LIMIT', 0, most)
  for _, n in ipairs(some) do numbers[#numbers + 1] = tonumber(n) end
end
if index ~= '' then table.sort(numbers, function(one, other) return one > other end) end
for at = 1, math.min(#numbers, most) do
  rows[at] = get('events', numbers[at]) or ''
  local line = visitor ~= ' ' and rows[at] ~= '' and decode(rows[at]).line or ''
  if visitor ~= ' ' and string.sub(line, 1, #visitor) ~= visitor then rows[at] = '' end
end
return { rows, #rows == most and numbers[most] or '' }`;

/** Lets dead letters wait again: those that are named, or the next ones of a type. */
const RETRY = `${MOVES}
local now, ids, type, after, numbers, closed, retried = ARGV[4] + skew, ARGV[5], ARGV[6], ARGV[7], {}, {}, 0
for _, id in ipairs(decode(ids)) do numbers[#numbers + 1] = numberOf(id) end
if type ~= '' then numbers = between('dead', '(' .. after, '+inf', ${PORTION}) end
for _, n in ipairs(numbers) do
  local e = load(n)
  if e.state == 'dead' and (type == '' or e.type == type) and (ARGV[8] == '' or e.code ~= '${PURGED}') then
    become(e, 'waiting') drop('dead', n) drop('settled', n)
    -- An operator who lets it wait again has decided that it may be sent again. Its visitor is forgotten.
    e.maybeDuplicate, e.isAmbiguous, e.first, e.settledAt = e.maybeDuplicate or e.isAmbiguous, nil, nil, nil
    e.since, e.due, e.line, e.lone = now, now, ' ' .. (ORDERED and e.offerId or e.id), ORDERED and e.type == 'dismissed' or nil
    open(e)
    retried = retried + 1
    if e.type == 'dismissed' then closed[#closed + 1] = e end
  end
end
-- A dismissed whose viewed is still dead becomes dead again.
for _, e in ipairs(closed) do
  takeAlong(e.offerId, now)
  if load(e.n).state == 'dead' then retried = retried - 1 end
end
return { retried, #numbers == ${PORTION} and numbers[#numbers] or '' }`;

/** Gives up waiting events, and marks dead letters as purged as well. */
const PURGE = `${MOVES}
local now, purged, unseen = ARGV[4] + skew, 0, {}
for _, id in ipairs(decode(ARGV[5])) do
  local e = load(numberOf(id))
  local isDead = e and e.state == 'dead' and e.code ~= '${PURGED}'
  if isDead then become(e, 'dead', '${PURGED}') keep(e) end
  -- What may have arrived is left alone.
  local waits = e and e.state == 'waiting' and not e.isAmbiguous
  if isDead or waits then purged, unseen[e.offerId] = purged + 1, true end
  if waits then settle(e, 'dead', '${PURGED}', now) end
end
for offer in pairs(unseen) do takeAlong(offer, now) end
return purged`;

const METHODS = {
  ...{ take: TAKE, knows: KNOWS, accept: ACCEPT, lead: LEAD, begin: BEGIN, finish: FINISH },
  ...{ status: STATUS, list: LIST, retry: RETRY, purge: PURGE },
  note: `${MOVES} put('lane', 'note', ARGV[4])`,
  resign: `${THOUGH_FULL}${LOOKS} if get('lane', 'token') == ARGV[4] then call('HDEL', own .. 'lane', 'token', 'until') end`,
  days: `${LOOKS} return call('ZRANGE', own .. 'days', 0, -1)`,
  cells: `${LOOKS} return call('HGETALL', own .. 'ledger:' .. ARGV[4])`,
  endSessions: `${MOVES} call('HINCRBY', intake, 'sessions', 1)`,
  share: SHARE,
  secret: `${LOOKS} return call('HGET', intake, 'secret') or ''`,
  layout: `${LOOKS} return layout or ''`,
  sessionsEnded: `${LOOKS} return call('HGET', intake, 'sessions') or '0'`,
} as const;

/** The name of a script. */
export type ScriptName = keyof typeof METHODS;

/** The whole text of a script. It writes its changes of the ledger last. */
export const wholeOf = (script: string): string =>
  `${EVENTS}local function run()\n${script}\nend\nlocal said = run()\nwriteLedger()\nreturn said`;

/** The texts of all scripts, by name. */
export const SCRIPTS = Object.fromEntries(
  Object.entries(METHODS).map(([name, script]) => [name, wholeOf(script)]),
) as Readonly<Record<ScriptName, string>>;
