/** Events as the proxy admits them, and a folder for an intake's file. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdmittedEvent, Lane, OfferTally } from '../../src/proxy/index.js';
import { eventId, START } from './wire.js';

/** An admitted event, by default the `viewed` of an offer of its own, received at the start. */
export const admitted = (number: number, fields: Partial<AdmittedEvent> = {}): AdmittedEvent => {
  const event = {
    id: eventId(number),
    type: 'viewed' as const,
    offerId: `offer${number}`,
    occurredAt: START - 3_700,
    expiresAt: undefined,
    receivedAt: START,
    ...fields,
  };
  return {
    ...event,
    content: JSON.stringify([event.type, event.offerId, event.occurredAt, event.expiresAt]),
  };
};

const MEMORY = '/dev/shm';
/** More than all tests write at once, bytes. Many containers have only 64 MB. */
const ENOUGH = 2 ** 31;

/**
 * Where tests write files: in memory, if there is one that has room. Otherwise each commit waits for the disk, and no test
 * cuts the power.
 */
export const memoryOrDisk = (): string => {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize >= ENOUGH) return MEMORY;
  } catch {
    // Only Linux has it.
  }
  return tmpdir();
};

/**
 * Makes a fresh folder, which `remove` deletes.
 * @param within The folder that it is made in.
 */
export const temporaryFolder = (within = memoryOrDisk()): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(within, 'offersight-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

/** The tallies of a lane, summed up and in order. */
export const tallyOf = async (lane: Pick<Lane, 'tally'>): Promise<OfferTally[]> => {
  const sums = new Map<string, OfferTally>();
  for await (const portion of lane.tally())
    for (const tally of portion) {
      const key = `${tally.offerId} ${tally.type} ${tally.state}`;
      sums.set(key, { ...tally, events: tally.events + (sums.get(key)?.events ?? 0) });
    }
  return [...sums.keys()].sort().map((key) => sums.get(key) as OfferTally);
};
