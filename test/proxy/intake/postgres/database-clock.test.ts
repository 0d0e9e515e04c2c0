/** What a process assumes about the database's clock. */
import { expect, it } from 'vitest';
import { createDatabaseClock } from '../../../../src/proxy/intake/postgres/postgres-driver.js';

/** When a question was sent, what the database's clock said, and when the answer came. */
type Heard = readonly [sentAt: number, there: number, heardAt: number];

it.each<[string, number, ...Heard[]]>([
  ['is ours while no answer contradicts that', 0, [100, 107, 110], [200, 200, 200], [300, 305, 305]],
  ['is ahead by the least that an answer allows', 4_994, [100, 5_104, 110]],
  ['is ahead by the least that all answers allow', 5_002, [100, 5_104, 110], [200, 5_204, 202]],
  ['is behind by the least that an answer allows', -7_996, [9_000, 1_004, 9_010]],
  ['is not corrected by a slow answer that fits', 5_000, [100, 5_100, 100], [1_000, 6_500, 9_000]],
  ['is followed when it was set right', 1, [100, 3_600_100, 100], [200, 201, 202]],
])('the database’s clock %s', (_, aheadMs, ...answers) => {
  const clock = createDatabaseClock();
  for (const answer of answers) clock.hear(...answer);
  expect(clock.aheadMs()).toBe(aheadMs);
});
