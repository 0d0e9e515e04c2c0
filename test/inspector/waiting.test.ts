/** What the inspector says of what waits: a pause, also while events are tried again. */
import { expect, it } from 'vitest';
import type { Inside } from '../../src/client/inside.js';
import type { OutboxEntry, Pause } from '../../src/client/outbox/records.js';
import type { Stored } from '../../src/tools/inspector/stored.js';
import { whatWaits } from '../../src/tools/inspector/waiting.js';

const NOW = Date.UTC(2026, 10, 24, 12);
const ENDPOINT = 'https://shop.example/offer-events';
const inside = {
  owner: { consent: 'granted', subject: 'user-1' },
} as unknown as Inside;

/** What is said under a label of a pause that ends at a time, with one event that waits. */
const said = (
  about: string,
  at: number,
  entry: object = {},
  pause: Partial<Pause> = {},
): string | undefined => {
  const waits = {
    event: { subject: 'user-1' },
    endpoint: ENDPOINT,
    notBeforeAt: 0,
    ...entry,
  } as unknown as OutboxEntry;
  const stored: Stored = {
    ...{ entries: [waits], waiting: 1, dead: [], marks: [], readAt: 0 },
    pause: { kind: 'back-off', failures: 4, status: 400, failedAt: NOW - 5_000, at, ...pause },
  };
  return whatWaits(inside, ENDPOINT, stored, NOW).find(({ label }) => label === about)?.words;
};

const saidOfPause = (...given: Parameters<typeof said> extends [string, ...infer Rest] ? Rest : never) =>
  said('Pause', ...given);

it('a failure is shown until the pause is over, and while events are tried again', () => {
  expect(saidOfPause(NOW + 1_000)).toMatch(/^Events are sent again at .*: POST .* answered 400 at /);
  expect(saidOfPause(NOW)).toMatch(
    /^Events are sent again now: POST .* answered 400 at .*\(4 failures in a row\)/,
  );
});

it('a failure is not shown any more if nothing of this user is due at this endpoint', () => {
  for (const entry of [
    { event: { subject: 'user-2' } },
    { endpoint: 'https://shop.example/others' },
    { notBeforeAt: NOW + 1 },
  ])
    expect(saidOfPause(NOW, entry)).toBeUndefined();
  expect(saidOfPause(NOW, {}, { kind: 'none' })).toBeUndefined();
});
