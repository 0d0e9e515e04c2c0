/** The built proxy of an earlier release. */
import type { createOfferAdmin, createOfferProxy } from 'offersight/proxy';
import type { toNodeListener } from 'offersight/proxy/node';
import type { sqliteIntake } from 'offersight/proxy/sqlite';

/** What benches and tests use of it. */
export interface Earlier {
  readonly createOfferAdmin: typeof createOfferAdmin;
  readonly createOfferProxy: typeof createOfferProxy;
  readonly sqliteIntake: typeof sqliteIntake;
  readonly toNodeListener: typeof toNodeListener;
}

/** Loads it. In what they use, it has the same types as this release. */
export const earlier = async (release: '0.1.0'): Promise<Earlier> =>
  (await import(`../../e2e/fixtures/releases/${release}/proxy.js`)) as Earlier;
