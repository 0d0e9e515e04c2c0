/** The way of an event through the proxy, from the request to the upstream's answer. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/intake.js';
import { journeyOf, tracedOf } from '../support/journey.js';
import { CANARY_KEY, pageRequest, upstreamRuntime } from '../support/proxy.js';
import { calls, loadTraced, writeTraced } from '../support/traced.js';
import { wireBody, wireEvent } from '../support/wire.js';

describe('an event', () => {
  it('passes the functions of the proxy that docs/architecture.md lists', async () => {
    const source = writeTraced('proxy');
    const { createOfferProxy } = await loadTraced<typeof import('../../src/proxy/index.js')>(
      source,
      'proxy/index',
    );
    const { openSqliteIntake } = await loadTraced<
      typeof import('../../src/proxy/intake/sqlite/sqlite-intake.js')
    >(source, 'proxy/intake/sqlite/sqlite-intake');
    const { resolveBounds } = await loadTraced<typeof import('../../src/proxy/intake/rules.js')>(
      source,
      'proxy/intake/rules',
    );
    const folder = temporaryFolder();
    const runtime = upstreamRuntime();
    const intake = openSqliteIntake({ file: join(folder.path, 'intake.db'), bounds: resolveBounds({}) });
    const proxy = createOfferProxy({ site: 'acme-test', apiKey: CANARY_KEY, runtime, intake });
    await runtime.advance(1_000);

    calls.length = 0;
    const reply = await proxy(pageRequest(wireBody([wireEvent(1)])));
    expect(reply.status).toBe(200);
    const taken = journeyOf('At the proxy, an event that it takes');
    const replied = calls.indexOf('proxy/door/exchange toResponse');
    expect.soft(tracedOf(calls.slice(0, replied + 1), taken)).toEqual(taken);

    await runtime.advance(1_000);
    expect(runtime.calls).toHaveLength(1);
    const forwarded = journeyOf('At the proxy, an event that it forwards');
    expect.soft(tracedOf(calls, forwarded)).toEqual(forwarded);
    await proxy.close();
    folder.remove();
  });
});
