import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRequest } from '../../src/protocol/decode.js';
import { encodeRequest } from '../../src/protocol/encode.js';
import type { DismissReason, OfferEvent } from '../../src/protocol/event.js';
import { MAX_REQUEST_EVENTS } from '../../src/protocol/limits.js';
import { START } from '../support/wire.js';

const reasons: DismissReason[] = ['control', 'escape', 'backdrop', 'swipe', 'dialog', 'ignored', 'api'];
const base = {
  // Version 8 is the host's own.
  id: fc.uuid({ version: [1, 2, 3, 4, 5, 6, 7] }),
  offerId: fc.stringMatching(/^[\w.:~-]{1,50}$/),
  occurredAt: fc.nat(START * 2),
  impressionId: fc.uuid(),
  expiresAt: fc.option(fc.nat(START * 2), { nil: undefined }),
  group: fc.option(fc.stringMatching(/^[A-Za-z0-9][\w.:/~-]{0,49}$/), { nil: undefined }),
};
const offerEvent: fc.Arbitrary<OfferEvent> = fc.oneof(
  fc.record({ ...base, type: fc.constant('viewed' as const) }),
  fc.record({ ...base, type: fc.constant('dismissed' as const), reason: fc.constantFrom(...reasons) }),
);
const batch = fc.uniqueArray(offerEvent, {
  selector: ({ id }) => id,
  minLength: 1,
  maxLength: MAX_REQUEST_EVENTS,
});

describe('what the page encodes, the proxy decodes', () => {
  it('it is decoded with every field and in the same order', () => {
    fc.assert(
      fc.property(batch, fc.nat(START * 2), (events, sentAt) => {
        expect(decodeRequest(encodeRequest(events, sentAt))).toEqual({
          kind: 'request',
          sentAt,
          items: events.map(({ id, type, offerId, occurredAt, expiresAt, group, ...rest }) => ({
            id,
            event: {
              ...{ id, type, offerId, occurredAt, expiresAt, group, subject: undefined, token: undefined },
              ...{ reason: 'reason' in rest ? rest.reason : undefined, unusable: undefined },
              mayBeKnown: false,
            },
          })),
        });
      }),
    );
  });
});
