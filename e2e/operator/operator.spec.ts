import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bodyOf, eventOf, post } from '../fixtures/post.js';
import { type Bench, expect, PROGRAM, test } from '../fixtures/standalone.js';

const FIRST_ID = eventOf(1).id;
const GONE = { offer: 'gone' } as const;

/** Makes the upstream refuse the offer `gone` as unknown. */
const refuseGone = ({ upstream }: Bench): void =>
  upstream.addFaults({
    kind: 'status',
    status: 404,
    code: 'resource_not_found',
    match: { personalized_offer_id: 'gone' },
  });

/** Leaves one offer's view and close in the intake, and an event that the upstream refused. */
const leaveThree = async (bench: Bench): Promise<void> => {
  refuseGone(bench);
  const proxy = await bench.start();
  await post(
    proxy.url,
    bodyOf(eventOf(1), eventOf(2, { type: 'dismissed', offer: 'a52ge1' }), eventOf(3, GONE)),
  );
  await bench.upstream.until(() => bench.upstream.calls().length === 3);
  proxy.kill('SIGTERM');
  await proxy.ended;
  bench.upstream.clearFaults();
};

const rowsOf = (lines: string): Record<string, unknown>[] =>
  lines
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test.describe('offersight status', () => {
  test('says what an operator has to do', async ({ bench }) => {
    bench.upstream.setEnabled({ offer_events: 'api_restricted' });
    const proxy = await bench.start();
    await post(proxy.url, bodyOf(eventOf(1)));
    await bench.upstream.until(() => bench.upstream.calls().length === 1);
    const status = async () => (await bench.run(['status', '--intake', bench.intake])).stdout;
    await expect.poll(status).toMatch(/^ALERT .*support/m);
    expect(await status()).toMatch(/^offer_events: 1 waiting, .*oldest for \d+ s/m);
  });

  test('does not mistake a missing file for an intake without events', async ({ bench }) => {
    for (const command of [['status'], ['events'], ['dead-letters', 'list']]) {
      const { code, stdout, stderr } = await bench.run([...command, '--intake', bench.intake]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^offersight: [A-Z].+\n$/);
    }
  });
});

/** Leaves events in the intake that nobody forwards until a proxy starts. */
const leaveWaiting = async (bench: Bench): Promise<void> => {
  bench.upstream.addFaults({ kind: 'down' });
  const proxy = await bench.start();
  await post(proxy.url, bodyOf(eventOf(1), eventOf(2), eventOf(3)));
  proxy.kill('SIGTERM');
  await proxy.ended;
  bench.upstream.clearFaults();
};

const follow = (bench: Bench) => {
  const args = ['status', '--follow', '--intake', bench.intake];
  return {
    /** Writes into a pipe, as into a file. */
    piped: () => spawn(process.execPath, [PROGRAM, ...args]),
    /** Writes to a terminal, which `script` (util-linux) pretends to be. */
    onTerminal: () =>
      spawn('script', ['-qec', [process.execPath, PROGRAM, ...args].join(' '), '/dev/null'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
  };
};

test.describe('offersight status --follow', () => {
  for (const where of ['piped', 'onTerminal'] as const) {
    test(`shows how the intake drains, and ends when nothing waits (${where})`, async ({ bench }) => {
      await leaveWaiting(bench);
      const child = follow(bench)[where]();
      let shown = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        shown += chunk;
      });
      const ended = once(child, 'close');
      await expect.poll(() => shown).toContain('3 waiting');
      await bench.start();
      expect(await ended).toEqual([0, null]);
      const last = shown
        .trimEnd()
        .split(/[\r\n]/)
        .at(-1);
      expect(last).toContain(`[${'█'.repeat(24)}] 0 waiting`);
      // A terminal's only line is drawn repeatedly. A file gets lines, without control codes for a terminal.
      const isLines = /^(\[[█·]{24}\] \d+ waiting[^\r\n]*\n)+$/.test(shown);
      const isDrawn = /^(\r~\[2K\[[█·]{24}\] \d+ waiting[^\r\n~]*)+\r?\n$/.test(
        shown.replaceAll('\u001b', '~'),
      );
      expect([isLines, isDrawn]).toEqual([where === 'piped', where === 'onTerminal']);
    });
  }

  test('ends on a signal', async ({ bench }) => {
    await leaveWaiting(bench);
    const child = follow(bench).piped();
    await once(child.stdout, 'data');
    const ended = once(child, 'close');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });
});

test.describe('offersight events', () => {
  test('gives each event as a line of JSON, newest first, by offer and by time', async ({ bench }) => {
    const before = new Date();
    await leaveThree(bench);
    const events = async (...args: string[]) => {
      const { code, stdout, stderr } = await bench.run(['events', '--intake', bench.intake, ...args]);
      expect([code, stderr]).toEqual([0, '']);
      return rowsOf(stdout);
    };
    const all = await events();
    expect(all.map(({ personalized_offer_id: offer, type, state }) => [offer, type, state])).toEqual([
      ['gone', 'viewed', 'dead'],
      ['a52ge1', 'dismissed', 'done'],
      ['a52ge1', 'viewed', 'done'],
    ]);
    expect(all[2]).toMatchObject({ id: FIRST_ID, attempts: 1, is_ambiguous: false });
    for (const name of ['occurred_at', 'received_at', 'settled_at'])
      expect(new Date(String(all[2]?.[name])).toISOString()).toBe(all[2]?.[name]);

    expect((await events('--offer', 'a52ge1')).map(({ type }) => type)).toEqual(['dismissed', 'viewed']);
    expect(await events('--offer', 'nobody')).toEqual([]);
    for (const since of [before.toISOString(), `${before.getTime()}`])
      expect(await events('--since', since)).toEqual(all);
    expect(await events('--since', new Date(Date.now() + 60_000).toISOString())).toEqual([]);
    expect(await events('--lane', 'usage_events')).toEqual([]);
  });

  test('ends silently when its reader closes the pipe', async ({ bench }) => {
    const proxy = await bench.start(['--per-minute', '1']);
    // The listing is longer than a pipe can hold.
    await post(proxy.url, bodyOf(...Array.from({ length: 500 }, (_, at) => eventOf(at + 1))));
    const child = spawn(process.execPath, [PROGRAM, 'events', '--intake', bench.intake]);
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect([await once(child, 'close'), complaint]).toEqual([[0, null], '']);
  });
});

test.describe('offersight purge', () => {
  test('counts the events that wait, and gives them up for good with --yes', async ({ bench }) => {
    const purge = async (...args: string[]) => {
      const { stdout, stderr } = await bench.run(['purge', ...args, '--intake', bench.intake]);
      return stdout + stderr;
    };
    bench.upstream.addFaults({ kind: 'status', status: 429, retry_after: 15 });
    const proxy = await bench.start();
    await post(proxy.url, bodyOf(eventOf(1), eventOf(2, { offer: 'storm' }), eventOf(3, { offer: 'storm' })));
    await expect
      .poll(async () => (await bench.run(['status', '--intake', bench.intake])).stdout)
      .toContain('paused by the upstream');
    expect(await purge()).toMatch(/--waiting or --dead/);
    expect(await purge('--waiting', '--offer', 'storm')).toBe(
      '2 events of 1 offer would be given up (waiting). Nothing has changed: add --yes.\n',
    );
    expect(await purge('--waiting', '--offer', 'storm', '--yes')).toBe('2 events given up (waiting).\n');
    expect(await purge('--waiting', '--yes', '--offer', 'storm')).toBe('0 events given up (waiting).\n');
    // The id is remembered, so a repeat from the page changes nothing.
    expect((await post(proxy.url, bodyOf(eventOf(2, { offer: 'storm' })))).text).toMatch(
      /duplicate|conflict/,
    );
    // A retry of everything skips events that were given up, while a retry that names an event sends it.
    const retry = async (...ids: string[]) =>
      (await bench.run(['dead-letters', 'retry', ...ids, '--intake', bench.intake])).stdout;
    expect(await retry()).toBe('0 dead letters wait again.\n');
    expect(await retry(eventOf(3).id)).toBe('1 dead letter waits again.\n');
    bench.upstream.clearFaults();
    proxy.kill('SIGTERM');
    await proxy.ended;
    await bench.start();
    await bench.upstream.until(() => bench.upstream.history().length === 2, 45_000);
    expect(
      bench.upstream
        .history()
        .map(({ personalized_offer_id: id }) => id)
        .sort(),
    ).toEqual(['a52ge1', 'storm']);
  });
});

test.describe('offersight sign', () => {
  const SECRET = 'a signing secret of 40 random characters';
  const env = { OFFERSIGHT_SIGNING_SECRET: SECRET };
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();

  test('prints a token that the proxy takes only for that offer', async ({ bench }) => {
    const sign = async (args: readonly string[], secret = SECRET) => {
      const surroundings = { env: { OFFERSIGHT_SIGNING_SECRET: secret } };
      const { code, stdout } = await bench.run(['sign', ...args], surroundings);
      expect(code).toBe(0);
      return stdout.trim();
    };
    const proxy = await bench.start(['--require-signed-offers'], { env });
    const token = await sign(['--offer', 'a52ge1', '--expires', inAnHour]);
    const stale = await sign(['--offer', 'a52ge1', '--expires', '1700000000000']);
    const forged = await sign(['--offer', 'a52ge1', '--expires', inAnHour], SECRET.toUpperCase());
    const { text } = await post(
      proxy.url,
      bodyOf(
        eventOf(1, { token }),
        eventOf(2, { token }),
        eventOf(3, { offer: 'a52ge1', token: stale }),
        eventOf(4, { offer: 'a52ge1', token: forged }),
        eventOf(5, { offer: 'a52ge1' }),
      ),
    );
    const { results } = JSON.parse(text) as { results: { status: string }[] };
    expect(results.map(({ status }) => status)).toEqual([
      ...['accepted', 'refused', 'refused', 'refused', 'refused'],
    ]);
    await bench.upstream.until(() => bench.upstream.history().length === 1);
  });

  test('signs the group too, and the events of that token count under no other one', async ({ bench }) => {
    const proxy = await bench.start(['--require-signed-offers'], { env });
    const { stdout } = await bench.run(
      ['sign', '--offer', 'a52ge1', '--expires', inAnHour, '--group', 'autumn-sale'],
      { env },
    );
    const fields = { offer: 'a52ge1', token: stdout.trim() };
    await post(
      proxy.url,
      bodyOf(eventOf(1, { ...fields, group: 'autumn-sale' }), eventOf(2, { ...fields, group: 'made-up' })),
    );
    const funnel = await bench.run(['funnel', '--intake', bench.intake, '--by', 'group', '--csv']);
    expect(funnel.stdout.split('\r\n').map((line) => line.split(',', 2).join())).toEqual([
      expect.stringMatching(/^group,/),
      '(other),1',
      'autumn-sale,1',
      '',
    ]);
  });

  test('says which arguments it needs', async ({ bench }) => {
    for (const [args, words, given] of [
      [['--offer', 'a52ge1', '--expires', inAnHour], 'at least 32 characters', {}],
      [['--offer', 'a52ge1'], 'Sign until a time', env],
      [['--expires', inAnHour], 'Sign the id of a personalized offer', env],
      [['--offer', 'a52ge1', '--expires', 'soon'], 'Set --expires to', env],
      [['--offer', 'a52ge1', '--expires', inAnHour, '--group', 'a b'], 'Set --group to', env],
    ] as const) {
      const { code, stdout, stderr } = await bench.run(['sign', ...args], { env: given });
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(words);
      expect(stderr).not.toContain(SECRET);
    }
  });
});
