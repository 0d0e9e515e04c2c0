import { expect, it } from 'vitest';
import type { Intake, Lane } from '../../../src/proxy/index.js';
import { admitted, tallyOf } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import { type Bench, begin, dismissed, numbers, record } from './intake.contract.js';

/** Everything that a program which only reads can learn. */
const learnt = async (intake: Intake) => {
  const cells = [];
  for await (const portion of intake.ledger()) cells.push(...portion);
  return {
    status: await intake.status(START),
    usage: await intake.usage.status(START),
    rows: await intake.list({ limit: 9 }),
    tally: await tallyOf(intake),
    known: await intake.knows([admitted(1), admitted(7)]),
    sessions: await intake.sessionsEnded(),
    cells,
  };
};

const changesOf = (lane: Lane): Readonly<Record<string, () => Promise<unknown>>> => ({
  lead: () => lane.lead('reader', START),
  resign: () => lane.resign('reader'),
  begin: () => lane.begin({ now: START, limit: 9, perMinute: 9 }),
  finish: () => record(lane, 1, { kind: 'done' }),
  note: () => lane.note({ alert: 'a reader was here' }),
  retry: () => lane.retry(undefined, START),
  purge: () => lane.purge([eventId(1)], START),
});

export const describeReading = ({ open }: Bench): void => {
  it('may be opened only for reading, and then shows what others keep there, also what comes later', async () => {
    const intake = open();
    await intake.take([admitted(1, { group: 'spring' }), dismissed(2, 1)]);
    await intake.endSessions();
    const reader = open({ readOnly: true });
    expect(await learnt(reader)).toEqual(await learnt(intake));
    const { rows } = await begin(intake);
    await record(intake, 1, { kind: 'dead', code: 'x' });
    await intake.take([admitted(3)]);
    expect(numbers(rows)).toEqual([1]);
    expect(await learnt(reader)).toEqual(await learnt(intake));
  });

  it('refuses every change if it is opened only for reading, and nothing happens', async () => {
    const intake = open();
    await intake.take([admitted(1)]);
    const before = await learnt(intake);
    const reader = open({ readOnly: true });
    const changes = {
      ...changesOf(reader),
      take: () => reader.take([admitted(2)]),
      accept: () => reader.accept([]),
      endSessions: () => reader.endSessions(),
      claim: async () => reader.claim('acme-test'),
    };
    for (const change of [...Object.values(changes), ...Object.values(changesOf(reader.usage))])
      await expect(change()).rejects.toMatchObject({
        code: 'configuration',
        hint: expect.stringMatching(/opened with readOnly/) as string,
      });
    expect(await learnt(intake)).toEqual(before);
  });
};
