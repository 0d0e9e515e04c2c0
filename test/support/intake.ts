/** Events as the proxy admits them, and a folder for an intake's file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdmittedEvent } from '../../src/proxy/index.js';
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

/**
 * A fresh folder that goes away by `remove`.
 * @param within Where.
 */
export const temporaryFolder = (within = tmpdir()): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(within, 'offersight-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};
