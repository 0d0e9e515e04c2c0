/** One site of several while its file is locked. */
import { join } from 'node:path';
import Database from 'libsql';
import { expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../../src/proxy/cli/log.js';
import { startKeptSite } from '../../../src/proxy/cli/site.js';
import { siteOptionsOf } from '../../../src/proxy/cli/site-options.js';
import { platformRuntime } from '../../../src/runtime.js';
import { temporaryFolder } from '../../support/intake.js';
import { intakeHere } from '../../support/sqlite.js';

const LOCKED_MS = 1_000;

it('claims a file that no site has yet without stopping the process, whose other sites answer meanwhile', async () => {
  const folder = temporaryFolder();
  const file = join(folder.path, 'intake.db');
  await intakeHere({ file }).close();
  const lock = new Database(file);
  lock.exec('BEGIN IMMEDIATE');
  // This thread has the lock: if claiming stopped it, the claim would fail before the lock is given back.
  platformRuntime().after(LOCKED_MS, () => {
    lock.exec('ROLLBACK');
    lock.close();
  });
  const written: string[] = [];
  const site = await startKeptSite(
    siteOptionsOf(
      { site: 'Acme-test', intake: `sqlite:${file}`, baseUrl: 'http://127.0.0.1:1' },
      { apiKey: 'test_key', adminToken: undefined, signingSecret: undefined, url: undefined },
    ),
    {
      log: createLog({ write: (line) => written.push(line) }),
      metrics: undefined,
      isApart: false,
      isNamed: true,
    },
  );
  onTestFinished(async () => {
    await site.stop();
    folder.remove();
  });
  expect(await site.isReady()).toBe(true);
  expect(written.join('')).not.toContain('siteAway');
});
