import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bodyOf, eventOf, post } from '../fixtures/post.js';
import { expect, PROGRAM, test } from '../fixtures/standalone.js';

test('offersight events ends silently when its reader closes the pipe', async ({ bench }) => {
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

test('offersight sign prints a token that a proxy with the same secret takes for that offer and that group only', async ({
  bench,
}) => {
  const secret = 'a signing secret of 40 random characters';
  const env = { OFFERSIGHT_SIGNING_SECRET: secret };
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const sign = async (end: string, by = secret) =>
    (
      await bench.run(['sign', 'a52ge1', '--group', 'autumn-sale', '--expires', end], {
        env: { OFFERSIGHT_SIGNING_SECRET: by },
      })
    ).stdout.trim();
  const proxy = await bench.start([], { env });
  const token = await sign(inAnHour);
  const { text } = await post(
    proxy.url,
    bodyOf(
      eventOf(1, { token, group: 'made-up' }),
      eventOf(2, { token }),
      eventOf(3, { offer: 'a52ge1', token: await sign('1700000000000') }),
      eventOf(4, { offer: 'a52ge1', token: await sign(inAnHour, secret.toUpperCase()) }),
      eventOf(5, { offer: 'a52ge1' }),
    ),
  );
  const { results } = JSON.parse(text) as { results: { status: string }[] };
  expect(results.map(({ status }) => status)).toEqual([
    ...['accepted', 'refused', 'refused', 'refused', 'refused'],
  ]);
  await bench.upstream.until(() => bench.upstream.history().length === 1);
  const funnel = await bench.run(['funnel', '--intake', bench.intake, '--by', 'group', '--csv']);
  expect(funnel.stdout).toMatch(/^\(other\),1,/m);
});
