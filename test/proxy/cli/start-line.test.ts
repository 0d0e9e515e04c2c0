/** What the log says at the start of where events are kept. */
import { relative } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../../src/proxy/cli/log.js';
import { type SiteOptions, startSite } from '../../../src/proxy/cli/site.js';
import { whereOf } from '../../../src/proxy/cli/using-intake.js';
import { admitted, temporaryFolder } from '../../support/intake.js';
import { intakeHere } from '../../support/sqlite.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Settings of which this test says nothing. */
const DEFAULTS = {} as SiteOptions;

/** Starts a proxy on a file, and gives the line that it writes of the file. */
const lineOf = async (file: string): Promise<unknown> => {
  const lines: unknown[] = [];
  const site = await startSite(
    {
      ...DEFAULTS,
      ...{ site: 'acme-test', apiKey: 'test_key', baseUrl: 'http://127.0.0.1:1' },
      place: { intake: `sqlite:${file}` },
    },
    {
      log: createLog({
        write(line) {
          const {
            time: _time,
            level: _level,
            message,
            ...fields
          } = JSON.parse(line) as Record<string, unknown>;
          if (message === 'intake') lines.push(fields);
        },
      }),
      metrics: undefined,
    },
  );
  await vi.waitUntil(() => lines.length);
  await site.stop();
  return lines[0];
};

describe('the line about the intake', () => {
  it('has the whole path of a file, whether it is new, and how many events wait in it', async () => {
    const file = `${folder.path}/offers.db`;
    const named = relative(process.cwd(), file);
    expect(await lineOf(named)).toEqual({ place: file, is_new: true, waiting: 0 });
    const intake = intakeHere({ file });
    await intake.take([admitted(1), admitted(2)]);
    await intake.close();
    expect(await lineOf(named)).toEqual({ place: file, is_new: false, waiting: 2 });
    // As a release that starts in another folder.
    const other = `${folder.path}/other.db`;
    expect(await lineOf(relative(process.cwd(), other))).toEqual({ place: other, is_new: true, waiting: 0 });
  });

  it.each([
    [
      { intake: 'postgres', url: 'postgres://shop:s3cret@db.example:5432/offers?password=s3cret' },
      'postgres://db.example:5432/offers',
    ],
    [{ intake: 'postgres://shop@db.example/offers' }, 'postgres://db.example/offers'],
  ])('has the URL of a server without user and password: %j', (place, where) => {
    expect(whereOf(place)).toBe(where);
  });
});
