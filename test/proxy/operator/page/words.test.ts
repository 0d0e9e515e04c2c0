/** What the operator's page says of a dead letter. */
import { expect, it } from 'vitest';
import { remedyOf } from '../../../../src/proxy/operator/page/words.js';

it.each(['param_wrong_value', 'constructor', undefined])(
  'a code without words of its own has a general remedy: %s',
  (code) => {
    expect(remedyOf(code)).toBe('Chargebee refused it by this code. Fix the cause, then retry.');
  },
);

it('a code with words of its own has these', () => {
  expect(remedyOf('expired')).toMatch(/longer than the proxy keeps trying/);
});
