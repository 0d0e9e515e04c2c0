import { describe, expect, it } from 'vitest';
import type { DoorReport } from '../../../src/proxy/intake/intake.js';
import { START } from '../../support/wire.js';
import type { Bench } from './intake.contract.js';

const DAY_MS = 86_400_000;
const NOTHING: DoorReport = { requests: {}, refused: {}, alerts: [] };

export const describeDoor = ({ open }: Bench): void => {
  describe('keeps what the door rejected', () => {
    it('adds up the counts of all processes by code, and forgets each day after a week', async () => {
      const [one, other] = [open(), open()];
      await one.noteDoor?.({ ...NOTHING, requests: { origin: 3 }, refused: { invalid_event: 5 } }, START);
      await other.noteDoor?.({ ...NOTHING, requests: { origin: 1, size: 1 } }, START + DAY_MS);
      for (const each of [one, other, open({ readOnly: true })])
        expect(await each.door?.(START + DAY_MS)).toEqual({
          requests: { origin: 4, size: 1 },
          refused: { invalid_event: 5 },
          alerts: [],
        });
      const later = START + 7 * DAY_MS;
      expect(await one.door?.(later)).toEqual({ ...NOTHING, requests: { origin: 1, size: 1 } });
      await one.noteDoor?.(NOTHING, later);
      // Also for a reader whose clock is behind: the rows themselves are gone.
      expect((await one.door?.(START))?.refused).toEqual({});
    });

    it('shows an alert for a day after it was last seen, the latest first', async () => {
      const intake = open();
      const unsigned = { code: 'unsigned', message: 'Sign them.', lastAt: START };
      const noMetadata = { code: 'noMetadata', message: 'Pass it on.', lastAt: START + 1 };
      await intake.noteDoor?.({ ...NOTHING, alerts: [unsigned, noMetadata] }, START + 1);
      await intake.noteDoor?.({ ...NOTHING, alerts: [{ ...unsigned, lastAt: START + 9 }] }, START + 9);
      expect((await intake.door?.(START + 9))?.alerts).toEqual([
        { ...unsigned, lastAt: START + 9 },
        noMetadata,
      ]);
      expect((await intake.door?.(START + 5 + DAY_MS))?.alerts.map(({ code }) => code)).toEqual(['unsigned']);
      expect((await intake.status(START)).note).toEqual({});
    });
  });
};
