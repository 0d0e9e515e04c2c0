import { expect, it, vi } from 'vitest';
import { createLog } from '../../../src/proxy/cli/log.js';

it('a log has at most 20 lines of one message in a second, and the next one says how many were left out', () => {
  vi.useFakeTimers({ now: 0 });
  const lines: { message: string; left_out?: number }[] = [];
  const log = createLog({ write: (text) => lines.push(JSON.parse(text) as (typeof lines)[number]) });
  for (let left = 400; left > 0; left -= 1) log.info('request');
  log.info('call');
  expect(lines.map(({ message }) => message)).toEqual([...Array<string>(20).fill('request'), 'call']);
  vi.setSystemTime(1_000);
  log.info('request');
  log.info('request');
  expect(lines.slice(-2).map(({ left_out: leftOut }) => leftOut)).toEqual([380, undefined]);
  vi.useRealTimers();
});
