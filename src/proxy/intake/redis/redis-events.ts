/**
 * An event in Redis, in Lua: its place in its line, and how it changes from state to state. Every script begins with
 * this. The rules are those of sql/fairness.ts.
 *
 * All keys begin with one hash tag, so that they are in one slot of a cluster:
 * - `events` is a hash. It has each event as JSON under the number of its arrival.
 * - `ids` has that number and a digest of the content under the event's id.
 * - `queue` has the waiting events by line and `offers` has them by offer, each `viewed` first. Their members are
 *   ordered as strings.
 * - `lines` has each line's turn.
 * - `ready` has the lines whose next event may go, `due` those that wait until a time, and `flying` those whose event
 *   is on its way.
 * - `dead-codes` has how many dead letters have each code.
 * - `blocked` has each `dismissed` that waits for views of other visitors.
 */
import { GIVEN_UP_CODES, PURGED } from '../../telling/dead-codes.js';
import { DAY_MS, NO_GROUP } from '../ledger.js';

/**
 * Redis serves nobody else while a script runs, so a script looks at so many events at most. That takes a few
 * milliseconds.
 */
export const PORTION = 500;
/** The columns of a cell, in the order in which Redis has their figures. */
export const COLUMNS = ['taken', 'delivered', 'refused', 'givenUp', 'purged', 'accepted'] as const;
/**
 * Turns are multiplied by it, so that lines of the same turn go in the order in which they came. Times stay exact until
 * 2109.
 */
export const STEP = 2048;

/**
 * The key is the beginning of all names. The first arguments are the lane, this machine's clock and the site that asks.
 */
export const EVENTS = `
local call, encode, decode, max, own, ORDERED = redis.call, cjson.encode, cjson.decode, math.max
local intake, site, cells = KEYS[1] .. '.intake', ARGV[3], {}
local function enter(lane) own, ORDERED = KEYS[1] .. '.' .. lane .. '.', lane == 'events' end
enter(ARGV[1])
local function text(number) return string.format('%.0f', number) end
local function get(hash, field) return call('HGET', own .. hash, field) end
local function put(hash, field, value) call('HSET', own .. hash, field, value) end
local function unset(hash, field) call('HDEL', own .. hash, field) end
local function add(index, score, member) call('ZADD', own .. index, score, member) end
local function drop(index, member) call('ZREM', own .. index, member) end
local function between(index, from, to, most) return call('ZRANGEBYSCORE', own .. index, from, to, 'LIMIT', 0, most) end
local function texts(index, from, to, most) return call('ZRANGEBYLEX', own .. index, '[' .. from, '(' .. to, 'LIMIT', 0, most) end

-- Machines whose clocks differ share one pace and one lease, so a clock that is far from Redis's own is corrected by it.
local time = call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
local skew = clock - ARGV[2]
if math.abs(skew) <= 5000 then skew = 0 end

local function load(n)
  local held = n and get('events', n)
  return held and decode(held)
end
local function keep(e) put('events', e.n, encode(e)) end
local function numberOf(id) return string.match(get('ids', id) or '', '^%d+') end
local function contentOf(id) return string.match(get('ids', id) or '', ' (.*)') end

-- The ledger, which usage events do not have. It is written when the script ends.
local GIVEN_UP = { ${GIVEN_UP_CODES.map((code) => `${code} = true`).join(', ')} }
local function columnOf(e)
  if e.state == 'dead' then return GIVEN_UP[e.code] and 4 or e.code == '${PURGED}' and 5 or 3 end
  return e.state == 'done' and 2
end
local function count(e, column, by)
  if not ORDERED or not column then return end
  local day = text(math.floor(e.receivedAt / ${DAY_MS}))
  local cell = (e.group or '${NO_GROUP}') .. ' ' .. e.type .. ' ' .. (e.reason or '-')
  cells[day] = cells[day] or {}
  cells[day][cell] = cells[day][cell] or { 0, 0, 0, 0, 0, 0 }
  cells[day][cell][column] = cells[day][cell][column] + by
end
local function writeLedger()
  enter('events')
  for day, changed in pairs(cells) do for cell, figures in pairs(changed) do
    local held, at = get('ledger:' .. day, cell), 0
    for figure in string.gmatch(held or '', '%S+') do at = at + 1 figures[at] = figures[at] + figure end
    -- A cell that the ledger no longer has is of a day that is forgotten.
    if held or figures[1] > 0 then put('ledger:' .. day, cell, table.concat(figures, ' ')) add('days', day, day) end
  end end
end

-- How many views of an offer are dead letters, and how many are not.
local function countView(e, by)
  local views = own .. (e.state == 'dead' and 'dead-views' or 'views')
  if not ORDERED or e.type ~= 'viewed' then return end
  if call('HINCRBY', views, e.offerId, by) == 0 then call('HDEL', views, e.offerId) end
end
local function countDead(e, by)
  if e.state ~= 'dead' or call('HINCRBY', own .. 'dead-codes', e.code or '', by) ~= 0 then return end
  call('HDEL', own .. 'dead-codes', e.code or '')
end
local function become(e, state, code)
  countView(e, -1) countDead(e, -1) count(e, columnOf(e), -1)
  e.state, e.code = state, code
  countView(e, 1) countDead(e, 1) count(e, columnOf(e), 1)
end

local function slot(of, e) return of .. (e.type == 'viewed' and ' 0' or ' 1') .. string.format('%012.0f', e.n) end
local function numberIn(member) return member and tonumber(string.sub(member, -12)) end
local function headOf(line) return numberIn(texts('queue', line .. ' ', line .. '!', 1)[1]) end
local function firstView(index, of) return numberIn(texts(index, of .. ' 0', of .. ' 1', 1)[1]) end

-- The turn after a visitor's last one, or the lane's, so that unused turns are not saved up. Without order, the time decides.
local function giveTurn(e)
  local turn, visitor = e.due, string.match(e.line, '^%S*')
  if ORDERED then
    turn = 1 + max(get('lane', 'turn') or 0, get('visitors', visitor) or 0)
    put('visitors', visitor, turn)
  end
  put('lines', e.line, text(turn * ${STEP} + e.n % ${STEP}))
end
local function ready(line)
  local turn = get('lines', line)
  if turn and not get('flying', line) then add('ready', turn, line) drop('due', line) end
end
local function setAside(line, due) drop('ready', line) add('due', due, line) end
local function open(e)
  add('open', e.n, e.n) add('since', e.since, e.n) add('queue', 0, slot(e.line, e))
  if e.ends then add('ends', e.ends, e.n) end
  if ORDERED then add('offers', 0, slot(e.offerId, e)) end
  if not get('lines', e.line) then giveTurn(e) end
  ready(e.line) keep(e)
end
-- Its call has ended, if one was under way.
local function land(e)
  local hasFlown = get('flying', e.line) == text(e.n)
  if hasFlown then unset('flying', e.line) end
  return hasFlown
end
-- An event that a process had begun before it ended is due at 0. It keeps its turn, so it is begun first.
local function wait(e, due)
  local hasFlown = land(e)
  e.due = due
  if not ORDERED or (hasFlown and due > 0) then giveTurn(e) end
  if due > 0 then setAside(e.line, due) else ready(e.line) end
  keep(e)
end
-- Removes an empty line, and with a visitor's last line what is known of the visitor.
local function leaveLine(e, hasFlown)
  local visitor = string.match(e.line, '^%S*')
  if headOf(e.line) then
    if hasFlown then giveTurn(e) end
    return ready(e.line)
  end
  drop('ready', e.line) drop('due', e.line) unset('lines', e.line)
  if not headOf(visitor) then unset('visitors', visitor) end
end
-- Lines continue once no view is open that they waited for. The rest continue with the next event of the offer.
local function unblock(offer)
  if call('EXISTS', own .. 'blocked') == 0 then return end
  local view = firstView('offers', offer)
  for _, member in ipairs(texts('blocked', offer .. ' ', view and slot(offer, { n = view }) or offer .. '!', 100)) do
    local e = load(numberIn(member))
    drop('blocked', member) ready(e and e.line or '')
  end
end
local function settle(e, state, code, now)
  local hasFlown, place = land(e), slot(e.offerId, e)
  become(e, state, code)
  for _, index in ipairs({ 'open', 'since', 'ends', 'unknown' }) do drop(index, e.n) end
  drop('queue', slot(e.line, e)) drop('offers', place) drop('blocked', place) leaveLine(e, hasFlown)
  e.settledAt, e.line, e.lone, e.due, e.since, e.headers = now, nil, nil, nil, nil, nil
  add('settled', now, e.n) keep(e)
  if state == 'dead' then add('dead', e.n, e.n) end
  if ORDERED then unblock(e.offerId) end
end

-- A dismissed without its viewed would lift the funnel over 100 %. A script gives up so many of them, no matter of how
-- many offers they are. The rest are given up when their turn comes.
local alongside = ${PORTION}
local function areViewsDead(offer) return ORDERED and get('dead-views', offer) and not get('views', offer) end
local function takeAlong(offer, now)
  if not areViewsDead(offer) then return end
  for _, member in ipairs(texts('offers', offer .. ' 1', offer .. ' 2', alongside)) do
    local e = load(numberIn(member))
    alongside = alongside - 1
    if e.state == 'waiting' then settle(e, 'dead', 'viewed_dead', now) end
  end
end
`;
