import { defineConfig } from 'vitest/config';

/** The tests of the pure rooms, for mutation testing. */
export default defineConfig({
  test: {
    environment: 'node',
    testTimeout: 30_000,
    include: [
      'test/client/detect/viewability.test.ts',
      'test/client/detect/viewability.properties.test.ts',
      'test/client/later/delivery/backoff.test.ts',
      'test/client/later/delivery/batch-size.test.ts',
      'test/client/later/outbox/verdicts.test.ts',
      'test/client/later/decisions.test.ts',
      'test/protocol/{event,encode,reply,round-trip}.test.ts',
    ],
  },
});
