/** `offersight purge --visitor`: which events it means, and when nobody can know that. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../src/proxy/cli/command-line.js';
import { admitted, temporaryFolder } from '../../support/intake.js';
import { intakeHere } from '../../support/sqlite.js';
import { START } from '../../support/wire.js';

let folder: ReturnType<typeof temporaryFolder>;
let file: string;
let printed: string[];

beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder.path, 'intake.db');
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => folder.remove());

const run = (...args: string[]): Promise<void> =>
  runCommandLine(['purge', ...args, '--intake', `sqlite:${file}`]);

describe('offersight purge --visitor', () => {
  it('first counts what waits of a user or an address, and gives it up with --yes', async () => {
    const intake = intakeHere({ file });
    const ada = { visitor: 'ada' };
    await intake.take([admitted(1, ada), admitted(2, ada), admitted(3, { visitor: '203.0.113.9' })]);
    await intake.take([admitted(4)]);
    await intake.begin({ now: START, limit: 1, perMinute: 10 });
    await run('waiting', '--visitor', 'ada');
    await run('waiting', '--visitor', 'ada', '--offer', 'offer2', '--yes');
    await run('waiting', '--visitor', '203.0.113.9', '--yes');
    await run('waiting', '--visitor', 'bo', '--yes');
    await run('waiting', '--offer', 'offer1', '--yes');
    expect(printed).toEqual([
      '1 event of 1 offer would be given up (waiting). 1 event on the way to Chargebee would be left. Nothing has changed: add --yes.',
      '1 event given up (waiting).',
      '1 event given up (waiting).',
      '0 events given up (waiting).',
      '0 events given up (waiting). 1 event on the way to Chargebee was left.',
    ]);
    const states = (await intake.list({ limit: 9 })).map(({ code, state }) => code ?? state);
    expect(states).toEqual(['waiting', 'purged', 'purged', 'forwarding']);
    await intake.close();
  });

  it('finds a user whose id looks like an address, and an address that is written in full', async () => {
    const intake = intakeHere({ file });
    const [user, key] = ['2001:DB8::7', '2001:db8:0:0::/64'];
    await intake.take([admitted(1, { visitor: user }), admitted(2, { visitor: key })]);
    await intake.take([admitted(3, { visitor: '2001:db8:0:1::/64' })]);
    await run('waiting', '--visitor', user, '--yes');
    expect(printed).toEqual(['2 events given up (waiting).']);
    expect((await intake.list({ limit: 9 })).map(({ code }) => code)).toEqual([
      undefined,
      'purged',
      'purged',
    ]);
    await intake.close();
  });

  it.each([
    ['a dead letter', ['dead', '--visitor', 'ada'], /forgets who reported an event once it is settled/],
    ['a usage event', ['waiting', '--visitor', 'ada', '--lane', 'usage_events'], /by their offer/],
    ['a visitor without a name', ['waiting', '--visitor', ''], /Set --visitor to/],
    ['a list', ['waiting', '--visitor', 'ada,bo'], /Name one visitor/],
    ['a network', ['waiting', '--visitor', '10.0.0.0/8'], /Name one visitor/],
    ['an offer without its id', ['waiting', '--offer', ''], /Set --offer/],
    ['two visitors', ['waiting', '--visitor', 'ada', '--visitor', 'bo'], /Give --visitor only once/],
    ['something else', ['done'], /Say what to purge: waiting or dead\./],
    ['two offers', ['waiting', '--offer', 'offer1', '--offer', 'offer2'], /Give --offer only once/],
  ])('is refused with a message if it asks for %s, and gives nothing up', async (_, args, words) => {
    const intake = intakeHere({ file });
    const usage = { subscriptionId: 'sub', properties: {} };
    await intake.take([admitted(1, { visitor: 'ada', usage })]);
    await expect(run(...args, '--yes')).rejects.toThrow(words);
    expect(printed).toEqual([]);
    for (const lane of [intake, intake.usage])
      expect((await lane.list({ limit: 9 })).map(({ state }) => state)).toEqual(['waiting']);
    await intake.close();
  });
});
