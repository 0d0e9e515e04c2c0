import { expect, it } from 'vitest';
import { inTrueOrder } from '../../e2e/chaos/true-order.js';
import { withUnheardEnds } from '../../e2e/chaos/unheard.js';
import { historyOf, opened, way } from './sample.js';

it('a page that the browser replaced by one of its own ended behind its last task, not within', () => {
  const { created } = way(1, 't1.1');
  const later = way(2, 't1.1').created;
  const rows = historyOf([opened('t1.1'), created, opened('t1.2.error'), later, opened('t1.3')]);
  expect(inTrueOrder(withUnheardEnds(rows)).map(({ kind }) => kind)).toEqual([
    'opened',
    'created',
    'created',
    'killed',
    'opened',
  ]);
});
