/** Errors as they go between the thread of a file and its host. */
import { expect, it } from 'vitest';
import { OffersightError } from '../../../../src/proxy/index.js';
import { packError, unpackError } from '../../../../src/proxy/intake/sqlite/sqlite-errors.js';
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
