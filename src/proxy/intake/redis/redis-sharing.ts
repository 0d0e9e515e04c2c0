/** How processes that share a Redis share their budgets. */
import type { Intake } from '../intake.js';
import { KEPT_MS, PRESENT_MS, sumUp, toText } from '../sharing.js';
import { TAKES } from './redis-taking.js';

/**
 * `told` has what each process reported, under its number, and `processes` has when each last reported something, and the number.
 * Both vanish after a minute.
 */
export const SHARE = `${TAKES}
local process, spent, now = ARGV[4], ARGV[5], clock
local from, seen, isAlone, heard = '0', 0, true, {}
local function isOld(told) return told + 0 <= now - ${KEPT_MS} end
local processes = call('HGETALL', own .. 'processes')
for at = 1, #processes, 2 do
  local told, number = string.match(processes[at + 1], '^(%d+) (%d+)$')
  if processes[at] == process then seen, from = tonumber(told), number
  elseif not isOld(told) then isAlone = false
  else unset('processes', processes[at]) end
end
-- A process that is alone writes nothing in between.
if isAlone and seen > now - ${PRESENT_MS} then return 'alone' end
-- What came after its own last one is of others.
for _, row in ipairs(between('told', '(' .. from, '+inf', -1)) do
  local told, report = string.match(row, '^(%d+) %d+ (.*)$')
  if not isOld(told) then heard[#heard + 1] = report end
end
for _, row in ipairs(call('ZRANGE', own .. 'told', 0, 99)) do
  if isOld(string.match(row, '^%d+')) then drop('told', row) end
end
local number = call('HINCRBY', own .. 'lane', 'told', 1)
add('told', number, text(now) .. ' ' .. number .. ' ' .. (isAlone and '[]' or spent))
put('processes', process, text(now) .. ' ' .. number)
call('PEXPIRE', own .. 'told', ${KEPT_MS}) call('PEXPIRE', own .. 'processes', ${KEPT_MS})
return isAlone and 'alone' or heard`;

/** Runs the script. */
type Ask = (script: 'share', process: string, text: string) => Promise<unknown>;

/** Makes what shares budgets. */
export const createSharing =
  (ask: Ask, nameVisitor: (visitor: string) => Promise<string>): NonNullable<Intake['share']> =>
  async (process, spent) => {
    const names: string[] = [];
    for (const { name } of spent) names.push(await nameVisitor(name));
    const heard = (await ask('share', process, toText(names, spent))) as 'alone' | string[];
    return heard === 'alone' ? undefined : { names, others: sumUp(heard) };
  };
