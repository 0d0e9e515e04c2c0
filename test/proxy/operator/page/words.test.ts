/** What the operator's page says of times and of a dead letter. */
import { expect, it } from 'vitest';
import { durationOf, forecastOf, remedyOf } from '../../../../src/proxy/operator/page/words.js';

it.each(['param_wrong_value', 'constructor', undefined])(
  'a code without words of its own has a general remedy: %s',
  (code) => {
    expect(remedyOf(code)).toBe('Chargebee refused it by this code. Fix the cause, then retry.');
  },
);

it('a code with words of its own has these', () => {
  expect(remedyOf('expired')).toMatch(/longer than the proxy keeps trying/);
});

it.each([
  [0, '0 seconds', '0 seconds'],
  [900, '0 seconds', '1 second'],
  // 268 events at 150 a minute.
  [(268 / 150) * 60_000, '1 minute', '2 minutes'],
  [120_000, '2 minutes', '2 minutes'],
  [5_400_000, '1 hour', '2 hours'],
])('%i ms have passed as %j, and lie ahead as %j', (ms, passed, ahead) => {
  expect([durationOf(ms), forecastOf(ms)]).toEqual([passed, ahead]);
});
