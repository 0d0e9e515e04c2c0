/** What a process assumes about the database's clock. */
import { describe, expect, it } from 'vitest';
import { createDatabaseClock } from '../../../../src/proxy/intake/postgres/postgres-driver.js';

describe('the database’s clock', () => {
  it('is the same as ours for as long as no answer contradicts that', () => {
    const clock = createDatabaseClock();
    clock.hear(100, 107, 110);
    clock.hear(200, 200, 200);
    clock.hear(300, 305, 305);
    expect(clock.aheadMs()).toBe(0);
  });

  it('is ahead by the least that an answer allows', () => {
    const clock = createDatabaseClock();
    clock.hear(100, 5_104, 110);
    expect(clock.aheadMs()).toBe(4_994);
    clock.hear(200, 5_204, 202);
    expect(clock.aheadMs()).toBe(5_002);
  });

  it('is behind by the least that an answer allows', () => {
    const clock = createDatabaseClock();
    clock.hear(9_000, 1_004, 9_010);
    expect(clock.aheadMs()).toBe(-7_996);
  });

  it('is not corrected by a slow answer that fits what was known', () => {
    const clock = createDatabaseClock();
    clock.hear(100, 5_100, 100);
    clock.hear(1_000, 6_500, 9_000);
    expect(clock.aheadMs()).toBe(5_000);
  });

  it('is followed when it was set right', () => {
    const clock = createDatabaseClock();
    clock.hear(100, 3_600_100, 100);
    clock.hear(200, 201, 202);
    expect(clock.aheadMs()).toBe(1);
  });
});
