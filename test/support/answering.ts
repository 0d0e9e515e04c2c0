/** A durable intake as requests see it, with a forwarder of what it accepted. */
import type { Intake } from '../../src/proxy/index.js';
import type { Answering } from '../proxy/intake/intake-answering.contract.js';
import { START } from './wire.js';

/**
 * Forwards everything that is due, one round after another, each time all that may go at once.
 * @param remove Removes what the intake kept.
 */
export const durably = (intake: Intake, remove: () => void | Promise<void>): Answering => {
  const order: number[] = [];
  return {
    take: (events) => intake.take(events),
    knows: (events) => intake.knows(events),
    async reached() {
      for (;;) {
        const { rows } = await intake.begin({ now: START, limit: 100, perMinute: 10_000 });
        if (!rows.length) return [...order];
        order.push(...rows.map(({ id }) => Number.parseInt(id.slice(-12), 16)));
        await intake.finish(
          rows.map(({ id }) => ({ id, result: { kind: 'done' } })),
          START,
        );
      }
    },
    async end() {
      await intake.close();
      await remove();
    },
  };
};
