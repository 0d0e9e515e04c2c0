/** What delivery may rely on over any records: leases, verdicts, bounds. */
import { describe } from 'vitest';
import type { OpenRecords } from '../../outbox/records.contract.js';
import { describeBounds } from './bounds.contract.js';
import { describeEndpoints } from './endpoints.contract.js';
import { describeLeases } from './leases.contract.js';
import { describeWaiting } from './waiting.contract.js';

/** Runs the promises of the leasing side against records. */
export const describeLeasing = (open: OpenRecords): void => {
  describe('leases', () => describeLeases(open));
  describe('shares one database between endpoints', () => describeEndpoints(open));
  describe('waits', () => describeWaiting(open));
  describe('stays within its bounds', () => describeBounds(open));
};
