/** What a lane does in Redis: one Lua script for each of its methods, so that each is one transaction. */

import { ACCEPT, COUNT_IN, FORGET_DAYS } from './bullmq-counting.js';
import { BEGIN, FINISH, LEAD, RESIGN } from './bullmq-forwarding.js';
import { FORGET, LIST, MEND, PURGE, RETRY, STATUS } from './bullmq-keeping.js';
import { TAKE } from './bullmq-taking.js';
import { TRANSITIONS } from './bullmq-transitions.js';

/** A job as a row of the intake, its id before these fields. */
const SHOW = `
local FIELDS = { 'name', 'offer', 'state', 'data', 'timestamp', 'atm', 'doubt', 'again', 'failedReason', 'finishedOn',
  'headers', 'arrival', 'group', 'reason' }
local function show(id)
  local row = call('HMGET', jobs .. id, unpack(FIELDS))
  if not row[1] then return nil end
  -- A missing field would end the reply.
  for at = 1, #FIELDS do row[at] = row[at] or '' end
  table.insert(row, 1, id)
  return row
end
`;

/** Writes that a full Redis allows let the rest of a script write, too: what waits can still go out. */
const THOUGH_FULL = `call('DEL', own .. 'none')\n`;

/** How an error begins that names the site whose events these are. */
export const OTHER_SITE = 'OTHERSITE';

/** Nothing is taken or forwarded for another site. */
const OURS = `
if isOfOtherSite() then return redis.error_reply('${OTHER_SITE} ' .. call('GET', siteKey)) end
`;

/** The scripts of a lane, by name. */
export const SCRIPTS = {
  note: `${THOUGH_FULL}call('SET', own .. 'note', ARGV[1])`,
  tally: "return call('HSCAN', own .. 'tally', ARGV[1], 'COUNT', 1000)",
  deadIds: "return call('ZRANGE', own .. 'dead', 0, -1)",
  take: OURS + TAKE,
  knows: `${OURS}
local contents = {}
for at = 1, #ARGV do contents[at] = call('HGET', jobs .. ARGV[at], 'content') or '' end
return contents`,
  lead: THOUGH_FULL + OURS + LEAD,
  forget: THOUGH_FULL + FORGET,
  resign: THOUGH_FULL + RESIGN,
  begin: THOUGH_FULL + OURS + SHOW + BEGIN,
  finish: THOUGH_FULL + FINISH,
  status: OURS + STATUS,
  list: SHOW + LIST,
  retry: THOUGH_FULL + RETRY,
  purge: THOUGH_FULL + PURGE,
  mend: THOUGH_FULL + MEND,
  accept: OURS + ACCEPT,
  endSessions: `${THOUGH_FULL}call('INCR', own .. 'sessions')`,
  sessionsEnded: "return call('GET', own .. 'sessions') or '0'",
  days: "return call('ZRANGE', own .. 'days', 0, -1)",
  cells: "return call('HGETALL', own .. 'ledger:' .. ARGV[1])",
  countIn: THOUGH_FULL + COUNT_IN,
  forgetDays: THOUGH_FULL + FORGET_DAYS,
} as const;

/**
 * The whole text of a script.
 * @param isOrdered Whether events of one offer go one at a time.
 */
export const scriptOf = (name: keyof typeof SCRIPTS, isOrdered: boolean): string =>
  `local ORDERED = ${isOrdered}\n${TRANSITIONS}\n${SCRIPTS[name]}`;
