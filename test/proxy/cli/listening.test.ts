/** How the standalone proxy’s server ends. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { listen } from '../../../src/proxy/cli/listening.js';

afterEach(() => void vi.useRealTimers());

it('a connection that never sent anything does not hold up stopping', async () => {
  const listening = await listen((_, outgoing) => outgoing.end('ok'), { host: '127.0.0.1', port: 0 }, 5_000);
  const silent = connect(Number(new URL(listening.url).port), '127.0.0.1');
  await once(silent, 'connect');
  // The server knows of it once a later one is answered.
  expect(await (await fetch(listening.url)).text()).toBe('ok');
  // The time never comes at which every connection is cut off.
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  await Promise.all([once(silent, 'close'), listening.stop()]);
});
