import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { expect, type LogLine, type Standalone, test } from '../fixtures/standalone.js';

/** The fields that a line of each message may have, and no others. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  listening: ['url', 'operators', 'endpoint', 'script', 'integrity', 'admin'],
  intake: ['place', 'is_new', 'waiting'],
  request: ['status', 'code', 'durationMs'],
  verdict: ['verdict', 'code', 'type', 'events'],
  call: ['destination', 'outcome', 'isReplay', 'events', 'durationMs'],
  forwarded: ['destination', 'type', 'outcome', 'code', 'events'],
  event: ['id', 'type', 'offer_id', 'verdict'],
  stopping: [],
  stopped: [],
};

const until = (proxy: Standalone, holds: (line: LogLine) => boolean): Promise<void> =>
  expect.poll(() => proxy.log.some(holds)).toBe(true);

/** Whether there are only printable characters and ends of lines: nothing that a terminal would obey. */
const isPlain = (text: string): boolean => /^[\n -~]*$/.test(text);

test.describe('the log of the standalone proxy', () => {
  test('has one line of JSON for each entry, with named fields and without ids', async ({ bench }) => {
    const proxy = await bench.start();
    await post(proxy.url, bodyOf(eventOf(1)), { headers: { 'user-agent': 'a canary in a header' } });
    await post(proxy.url, '{', { headers: { 'x-forwarded-for': '203.0.113.9' } });
    await ask(proxy.url, '/a-path-of-a-visitor?with=a-query');
    await until(proxy, ({ message }) => message === 'call');
    proxy.kill('SIGTERM');
    await proxy.ended;
    expect(new Set(proxy.log.map(({ message }) => message))).toEqual(
      new Set(['intake', 'listening', 'request', 'verdict', 'call', 'forwarded', 'stopping', 'stopped']),
    );
    for (const { time, level, message, ...fields } of proxy.log) {
      expect(new Date(String(time)).toISOString()).toBe(time);
      expect(level).toBe('info');
      expect(FIELDS[message]).toEqual(expect.arrayContaining(Object.keys(fields)));
    }
    expect(proxy.output()).not.toMatch(
      /019aa02f|a52ge|canary|203\.0\.113|127\.0\.0\.1(?!:\d+")|visitor|a-query/,
    );
  });

  test('names events if the operator asked for that', async ({ bench }) => {
    const proxy = await bench.start(['--log-ids']);
    const event = eventOf(1, { type: 'dismissed' });
    await post(proxy.url, bodyOf(event));
    await post(proxy.url, bodyOf(event));
    const named = () => proxy.log.filter(({ message }) => message === 'event');
    await expect.poll(() => named().length).toBe(2);
    expect(named()).toEqual(
      ['accepted', 'duplicate'].map((verdict) =>
        expect.objectContaining({ id: event.id, type: 'dismissed', offer_id: 'a52ge1', verdict }),
      ),
    );
  });

  test('cannot be forged by requests or answers, which add no line and no colour to it', async ({
    bench,
  }) => {
    const proxy = await bench.start(['--log-ids']);
    const forged = '\u001b[31m\n{"level":"error","message":"forged"}\r\n\u2028\u009b31m';
    const bodies = [
      bodyOf({ ...eventOf(1), personalized_offer_id: forged }),
      bodyOf({ ...eventOf(2), id: forged }),
      JSON.stringify({ v: 1, [forged]: forged, events: [] }),
      forged,
    ];
    for (const body of bodies) await post(proxy.url, body);
    await ask(proxy.url, `/${encodeURIComponent(forged)}`);
    // The upstream is also a stranger.
    bench.upstream.addFaults({ kind: 'status', status: 400, code: forged, param: 'type' });
    await post(proxy.url, bodyOf(eventOf(3)));
    await until(proxy, ({ message, outcome }) => message === 'call' && outcome === 'refused');
    const output = proxy.output();
    expect(output).not.toContain('forged');
    expect(isPlain(output)).toBe(true);

    // The operator's own listing shows the code as JSON has it, so a terminal gets only printable characters.
    await until(proxy, ({ message }) => message === 'event');
    const { stdout } = await bench.run(['dead-letters', 'list', '--intake', bench.intake]);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(isPlain(stdout)).toBe(true);
  });
});
