/** A disk on which hardly any room is left: the question whether anything can be taken is answered by what events need. */
import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { systemCodeOf } from '../../../../src/proxy/alerts/cause.js';
import { temporaryFolder } from '../../../support/intake.js';
import { intakeHere } from '../../../support/sqlite.js';

vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  statfsSync: vi.fn(() => ({ bavail: 1, bsize: 4096 })),
}));

const folder = temporaryFolder();
afterEach(() => folder.remove());

it('has no room for events once less than 256 KB are left, although asking alone would fit', async () => {
  const intake = intakeHere({ file: join(folder.path, 'intake.db') });
  const failure = await intake.take([]).catch((cause: unknown) => cause);
  expect(failure).toMatchObject({ hint: expect.stringMatching(/disk .* is full: make room/) as string });
  expect(systemCodeOf(failure)).toBe('SQLITE_FULL');
  expect(statfsSync).toHaveBeenCalledWith(folder.path);
  vi.mocked(statfsSync).mockReturnValue({ bavail: 64, bsize: 4096 } as ReturnType<typeof statfsSync>);
  expect(await intake.take([])).toEqual(new Map());
  await intake.close();
});
