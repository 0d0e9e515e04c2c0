/** Two proxies of version 0.1 on one file, which this version takes over. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../support/intake.js';
import { takeOver } from '../takeover.js';

test('nothing is lost or sent twice, and proxies of 0.1 that still run on that file take nothing more', async () => {
  expect.hasAssertions();
  const folder = temporaryFolder();
  try {
    await takeOver('--file', join(folder.path, 'intake.db'));
  } finally {
    folder.remove();
  }
}, 500_000);
