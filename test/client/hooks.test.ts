/**
 * A function of the page's, whatever it does, throws nothing into the page, stops nothing and loses no event. Every function
 * that an option takes has a row here; the compiler misses one.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TrackerOptions } from '../../src/client/options.js';
import { isOffersightError } from '../../src/errors.js';
import type { WireRequest } from '../../src/protocol/batch.js';
import { type FunctionsOf, WAYS, type Way } from '../support/hooks.js';
import { find, render } from '../support/page.js';
import { settle } from '../support/runtime.js';
import { openSite, type Site } from '../support/tracker.js';

type Hook = () => never;

/** The options by which the tracker gets a function. */
const HOOKS: Readonly<
  Record<FunctionsOf<TrackerOptions> | 'dataLayer', (hook: Hook) => Partial<TrackerOptions>>
> = {
  onEvent: (onEvent) => ({ onEvent }),
  onError: (onError) => ({ onError }),
  onDiscard: (onDiscard) => ({ onDiscard }),
  dataLayer: (push) => {
    vi.stubGlobal('layer', { push });
    return { dataLayer: 'layer' };
  },
};

let site: Site;

beforeEach(() => {
  site = openSite();
});

afterEach(() => {
  site.close();
  expect(site.uncaught).toEqual([]);
});

/** Takes everything but what is about the offer `b`. */
const refuseB = async (input: Request): Promise<Response> => {
  const { events } = (await input.json()) as WireRequest;
  const results = events.map(({ id, personalized_offer_id: offer }) =>
    offer === 'b' ? { id, status: 'refused', code: 'conflict' } : { id, status: 'accepted' },
  );
  return new Response(JSON.stringify({ v: 1, results }));
};

describe('a function of the page', () => {
  test.each(
    Object.entries(HOOKS).flatMap(([name, give]) =>
      (Object.keys(WAYS) as Way[]).map((way) => ({ name, way, give })),
    ),
  )('$name that $way stops nothing, and what it threw is on the console', async ({ way, give }) => {
    vi.stubGlobal('fetch', refuseB);
    for (const broken of WAYS[way]) {
      vi.mocked(console.error).mockClear();
      render('<i data-offer-id="no good"></i><p data-offer-id="a"></p>');
      const hook = vi.fn(broken);
      const { tracker } = site.start(give(hook as never));
      site.see(find('p'));
      tracker.dismiss('b');
      await tracker.flush();
      await settle();
      const { offers, outbox, discarded } = await tracker.stats();
      expect([offers.a, outbox, discarded]).toEqual([
        expect.objectContaining({ viewed: 1 }),
        expect.objectContaining({ waiting: 0, inMemory: 0 }),
        { refused: 2 },
      ]);
      expect(hook).toHaveBeenCalled();
      const isFailing = way === 'throws' || way === 'rejects';
      const shown = vi.mocked(console.error).mock.calls.filter(([cause]) => !isOffersightError(cause));
      expect(shown.length > 0).toBe(isFailing);
      tracker.stop();
    }
  });

  test('onError that throws of a wrong option leaves an inert tracker', () => {
    const onError = (): never => {
      throw new Error('of the host');
    };
    expect(() => site.start({ endpoint: 'https://elsewhere.example/', onError })).not.toThrow();
  });
});
