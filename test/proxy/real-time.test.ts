/** Tests that take a minute or so of real time. They run side by side, since they mostly wait. */
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { platformRuntime } from '../../src/runtime.js';
import { startUpstream } from '../../src/upstream/server.js';
import { createChance } from '../simulation/chance.js';
import { pageRequest, startProxy } from '../support/proxy.js';
import { eventId, wireBody, wireEvent } from '../support/wire.js';
import { bundleProgram } from './killed/bundle.js';
import { byOffer, type Made } from './killed/client.js';
import { runLane } from './killed/lane.js';
import { plansOf } from './killed/plan.js';

const MINUTE_MS = 60_000;

describe.concurrent('a proxy of its own process', () => {
  /** So many processes run side by side, each with a file of its own, and each is killed at so many moments. */
  const LANES = 4;
  const MOMENTS = 50;

  it('loses nothing it accepted, repeats nothing and keeps the order of each offer, whenever it is killed', async ({
    expect,
    onTestFailed,
  }) => {
    const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000);
    onTestFailed(() => console.error(`to repeat it: KILL_SEED=${seed}`));
    const program = await bundleProgram(join(import.meta.dirname, 'killed/main.ts'));
    try {
      const lanes = Array.from({ length: LANES }, (_, lane) => {
        const chance = createChance(seed, `lane ${lane}`);
        return runLane(program.path, chance, plansOf(chance, MOMENTS));
      });
      for (const { made, counted, ends, unsettled } of await Promise.all(lanes)) {
        expect(ends.filter((signal) => signal !== 'SIGKILL')).toEqual([]);
        expect(byOffer(counted)).toEqual(byOffer(made));
        expect(unsettled).toEqual([]);
      }
    } finally {
      program.remove();
    }
  }, 600_000);
});

describe.concurrent('an upstream that allows 1,000 calls a minute', () => {
  const EVENTS = 2_000;
  const PER_MINUTE = 1_000;

  it('gets 2,000 events without a single 429, and never more than 1,000 in any 60 seconds', async ({
    expect,
    onTestFinished,
  }) => {
    const apiKey = 'test_pace_key';
    const upstream = await startUpstream({
      apiKey,
      limits: { per_minute: PER_MINUTE },
      // The pace is kept by this clock, so it also measures the minute: the wall clock is corrected now and then.
      now: () => performance.timeOrigin + performance.now(),
    });
    const { proxy, end } = startProxy({
      apiKey,
      baseUrl: upstream.url,
      runtime: platformRuntime(),
      pace: { perMinute: PER_MINUTE },
    });
    onTestFinished(async () => {
      await end();
      await upstream.close();
    });
    const made = Array.from({ length: EVENTS }, (_, number): Made => {
      // Seen and closed, one after the other.
      const offerId = `offer-${Math.floor(number / 2)}`;
      return { id: eventId(number), type: number % 2 ? 'dismissed' : 'viewed', offerId };
    });
    for (let from = 0; from < EVENTS; from += 500) {
      const batch = made.slice(from, from + 500).map(({ type, offerId }, at) => {
        return wireEvent(from + at, { type, personalized_offer_id: offerId });
      });
      expect((await proxy(pageRequest(wireBody(batch)))).status).toBe(200);
    }
    await upstream.until(() => upstream.state().counts.history >= EVENTS, 240_000);

    const arrivals = upstream.calls().map(({ at }) => at);
    const bursts = arrivals.filter((at, index) => at - (arrivals[index - PER_MINUTE] ?? 0) < MINUTE_MS);
    expect(bursts).toEqual([]);
    expect(upstream.calls().filter(({ status }) => status === 429)).toEqual([]);
    const counted = upstream.history().flatMap(({ key, type, personalized_offer_id: offerId, replayed }) => {
      return replayed ? [] : [{ id: `${key}`.replace('oe1-', ''), type, offerId }];
    });
    expect(byOffer(counted)).toEqual(byOffer(made));
  }, 300_000);
});
