/** Group commit without a thread: which requests go together, and which are given up. */
import { expect, it } from 'vitest';
import { OffersightError } from '../../../../src/proxy/index.js';
import type { Group, Taken } from '../../../../src/proxy/intake/sqlite/sqlite-calls.js';
import { packError, unpackError } from '../../../../src/proxy/intake/sqlite/sqlite-errors.js';
import { createGroups } from '../../../../src/proxy/intake/sqlite/sqlite-groups.js';
import { systemCodeOf } from '../../../../src/proxy/telling/cause.js';
import { admitted } from '../../../support/intake.js';
import { fakeRuntime } from '../../../support/runtime.js';

/** Groups with a thread that answers when the test says so. */
const stage = () => {
  const sent: { readonly group: Group; answer(): void }[] = [];
  const runtime = fakeRuntime();
  const groups = createGroups(
    (group) =>
      new Promise((resolve) => {
        sent.push({
          group,
          answer: () => resolve(group.map((): Taken => ({ verdicts: new Map() }))),
        });
      }),
    runtime,
  );
  const take = (from: number, events: number) =>
    groups.take(Array.from({ length: events }, (_, at) => admitted(from + at)));
  return { runtime, sent, take, idle: groups.idle };
};

const sizesOf = (group: Group | undefined): number[] | undefined => group?.map(({ length }) => length);

it('sends requests that came meanwhile together, in order, up to 2,000 events', async () => {
  const { sent, take, idle } = stage();
  const first = take(1, 1);
  const rest = [take(10_000, 500), take(20_000, 1_500), take(30_000, 1), take(40_000, 5)];
  expect(sent.map(({ group }) => sizesOf(group))).toEqual([[1]]);
  sent[0]?.answer();
  await first;
  await Promise.resolve();
  expect(sizesOf(sent[1]?.group)).toEqual([500, 1_500]);
  sent[1]?.answer();
  await Promise.all(rest.slice(0, 2));
  await Promise.resolve();
  expect(sizesOf(sent[2]?.group)).toEqual([1, 5]);
  sent[2]?.answer();
  await Promise.all([...rest, idle()]);
});

it('rejects a request that waits for 5 s, and never sends it if it had not been sent by then', async () => {
  const { runtime, sent, take } = stage();
  const refused = [take(1, 1), take(2, 1)].map((taking) => taking.catch(systemCodeOf));
  await runtime.advance(4_900);
  const late = take(3, 1);
  await runtime.advance(200);
  expect(await Promise.all(refused)).toEqual(['ETIMEDOUT', 'ETIMEDOUT']);
  sent[0]?.answer();
  await runtime.advance(0);
  expect(sent.map(({ group }) => group.map(([event]) => event?.id))).toEqual([
    [admitted(1).id],
    [admitted(3).id],
  ]);
  sent[1]?.answer();
  await late;
});

it('carries errors with their names, messages, codes and causes', () => {
  const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  Object.defineProperty(full, 'name', { value: 'SqliteError' });
  const error = unpackError(structuredClone(packError(new Error('Not taken.', { cause: full }))));
  expect(error).toMatchObject({ message: 'Not taken.', cause: { name: 'SqliteError', code: 'SQLITE_FULL' } });
  expect([error.stack, systemCodeOf(error)]).toEqual([expect.stringContaining('Not taken.'), 'SQLITE_FULL']);
  const ours = unpackError(
    structuredClone(packError(new OffersightError('configuration', 'Do this.', full))),
  );
  expect(ours).toMatchObject({ name: 'OffersightError', code: 'configuration', hint: 'Do this.' });
  expect(systemCodeOf(ours)).toBe('SQLITE_FULL');
  const itself = new Error('itself');
  itself.cause = itself;
  expect(unpackError(packError(itself))).toMatchObject({ message: 'itself' });
  expect(unpackError(packError('a text'))).toMatchObject({ message: 'a text' });
});
