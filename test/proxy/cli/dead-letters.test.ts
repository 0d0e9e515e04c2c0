/** `offersight dead-letters retry`: what it says of the ids that it was given. */
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { runDeadLetters } from '../../../src/proxy/cli/rows-command.js';
import { admitted, temporaryFolder } from '../../support/intake.js';
import { intakeHere } from '../../support/sqlite.js';
import { START } from '../../support/wire.js';

it('a retry says how many dead letters wait again, and for how many ids nothing changed', async () => {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  const file = join(folder.path, 'intake.db');
  const intake = intakeHere({ file });
  await intake.take([admitted(1)]);
  const { rows } = await intake.begin({ now: START, limit: 1, perMinute: 10 });
  const [{ id, attempts: attempt } = { id: '', attempts: 0 }] = rows;
  await intake.finish([{ id, attempt, result: { kind: 'dead', code: 'refused' } }], START);
  const retry = (...ids: string[]) => runDeadLetters(['retry', ...ids, '--intake', `sqlite:${file}`]);
  onTestFinished(() => {
    process.exitCode = undefined;
  });
  const ends: unknown[] = [];
  for (const ids of [['no-such-id'], [id, 'no-such-id', 'nor-this-one', id], []]) {
    process.exitCode = undefined;
    await retry(...ids);
    ends.push(process.exitCode);
  }
  expect(ends).toEqual([1, 1, undefined]);
  expect(printed).toEqual([
    '0 dead letters wait again. Nothing changed for 1 of the ids: offersight dead-letters list shows all that can wait again.',
    '1 dead letter waits again. Nothing changed for 2 of the ids: offersight dead-letters list shows all that can wait again.',
    '0 dead letters wait again.',
  ]);
  await intake.close();
});
