/** Errors of a file: as they go between its thread and the host, and whose fault they are. */
import { expect, it } from 'vitest';
import { OffersightError } from '../../../../src/proxy/index.js';
import { packError, unpackError } from '../../../../src/proxy/intake/sqlite/sqlite-errors.js';
import { inWords, isOwnFault } from '../../../../src/proxy/intake/sqlite/sqlite-failures.js';
import { systemCodeOf } from '../../../../src/proxy/telling/cause.js';

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

it.each([
  ['SQLITE_CONSTRAINT_TRIGGER', true],
  ['SQLITE_ERROR', true],
  [undefined, true],
  ['SQLITE_BUSY', false],
  ['SQLITE_BUSY_SNAPSHOT', false],
  ['SQLITE_LOCKED', false],
  ['SQLITE_FULL', false],
  ['SQLITE_IOERR_WRITE', false],
  ['ERR_WORKER_NOT_RUNNING', false],
])('say by their code whether one request may be at fault: %s %s', (code, isOwn) => {
  const failing = (): never => {
    throw Object.assign(new Error('failed'), code === undefined ? {} : { code });
  };
  let cause: unknown;
  try {
    inWords(failing);
  } catch (thrown) {
    cause = thrown;
  }
  expect(isOwnFault(cause)).toBe(isOwn);
});

it.each(['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT'])('say that another program holds the file: %s', (code) => {
  const failing = (): never => {
    throw Object.assign(new Error('database is locked'), { code });
  };
  expect(() => inWords(failing)).toThrow(
    expect.objectContaining({
      code: 'configuration',
      hint: expect.stringMatching(/Another program holds/) as string,
    }),
  );
});
