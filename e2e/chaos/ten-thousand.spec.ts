import { expect, test } from '@playwright/test';
import { type Draft, delivered, ending, historyOf, id, opened, way } from '../../test/history/sample.js';
import { type Flood, flood, floodOf, isKept } from './flood.js';

/** The full ten thousand events have a command of their own: `npm run chaos:ten-thousand`. */
const EVENTS = 400;

test('many events of six tabs outlive two deaths of the browser and one of a proxy, and each is counted once', async ({
  launchOptions,
}) => {
  test.setTimeout(300_000);
  const came = await flood(launchOptions, EVENTS);
  expect(came).toMatchObject({ lost: [], repeated: [], invented: [], isQuiet: true });
  expect(came.checked.broken).toEqual([]);
  expect(isKept(came)).toBe(true);
  expect(came.committed).toBeGreaterThan(EVENTS / 2);
});

test.describe('the promise about many events', () => {
  const MEMORY = 'memory of tab-1';
  const killed: Draft = { kind: 'killed', what: 'browser', names: ['tab-1'] };
  const kept = [opened(), ...delivered(1)];
  const { created, put, committed } = way(2);
  const inMemory: Draft[] = [created, { ...committed, store: MEMORY }];
  const ended = (drafts: readonly Draft[]): Draft[] => {
    const counted = drafts.flatMap((row) => (row.kind === 'effect' && row.id !== undefined ? [row.id] : []));
    return [...drafts, ...ending([...new Set(counted)])];
  };
  const cameOf = (...drafts: Draft[]): Flood => floodOf(historyOf(ended(drafts)));

  test('is kept if each was counted once', () => {
    const came = cameOf(...kept, ...delivered(2));
    expect(came).toMatchObject({
      created: 2,
      committed: 2,
      inMemory: 0,
      lost: [],
      repeated: [],
      invented: [],
    });
    expect(isKept(came)).toBe(true);
  });

  test('is broken if a committed event is not counted, even for a good reason', () => {
    const { discarded } = way(2);
    for (const end of [[], [killed], [discarded], [{ kind: 'wiped', what: 'outbox' } as const]]) {
      const came = cameOf(...kept, created, put, committed, ...end);
      expect(came).toMatchObject({ committed: 2, inMemory: 0, lost: [id(2)], diedWithPage: 0 });
      expect(isKept(came)).toBe(false);
    }
  });

  test('is broken if an event was only in memory, and the result says whether it died there', () => {
    const lives = cameOf(...kept, ...inMemory);
    expect(lives).toMatchObject({ committed: 2, inMemory: 1, lost: [id(2)], diedWithPage: 0 });
    const dies = cameOf(...kept, ...inMemory, killed);
    expect(dies).toMatchObject({ committed: 2, inMemory: 1, lost: [id(2)], diedWithPage: 1 });
    expect([isKept(lives), isKept(dies)]).toEqual([false, false]);
  });

  test('is broken if the proxy took an event that no page lived to report as recorded, and it is not counted', () => {
    const { taken } = way(2);
    const came = cameOf(...kept, created, killed, taken);
    expect(came).toMatchObject({ committed: 1, lost: [id(2)] });
    expect(isKept(came)).toBe(false);
  });

  test('is broken if an event was counted twice, or was never made', () => {
    const { effect } = way(2);
    const twice = cameOf(...kept, ...delivered(2), effect);
    expect(twice).toMatchObject({ repeated: [id(2)], lost: [] });
    const strange = cameOf(...kept, effect);
    expect(strange).toMatchObject({ invented: [id(2)], lost: [] });
    expect([isKept(twice), isKept(strange)]).toEqual([false, false]);
  });

  test('is broken if the run did not come to rest, or the checker finds anything else', () => {
    const restless = ended([...kept, ...delivered(2)]).filter(({ kind }) => kind !== 'quiet');
    expect(isKept(floodOf(historyOf(restless)))).toBe(false);
    const harm: Draft = { kind: 'harm', tab: 'tab-1', what: 'error', text: 'thrown into the page' };
    expect(isKept(cameOf(...kept, harm, ...delivered(2)))).toBe(false);
  });
});
