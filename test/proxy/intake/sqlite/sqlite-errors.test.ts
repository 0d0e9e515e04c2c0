/** Errors of a file: whose fault they are, and what to do about them. */
import { expect, it } from 'vitest';
import { inWords, isOwnFault } from '../../../../src/proxy/intake/sqlite/sqlite-failures.js';

it.each([
  ['SQLITE_CONSTRAINT_TRIGGER', true],
  ['SQLITE_ERROR', true],
  [undefined, true],
  ['SQLITE_BUSY', false],
  ['SQLITE_BUSY_SNAPSHOT', false],
  ['SQLITE_LOCKED', false],
  ['SQLITE_FULL', false],
  ['SQLITE_IOERR_WRITE', false],
  ['configuration', false],
])('say by their code whether one request may be at fault: %s %s', (code, isOwn) => {
  const cause = Object.assign(new Error('failed'), code === undefined ? {} : { code });
  expect(isOwnFault(inWords(cause))).toBe(isOwn);
});

it.each(['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT'])('say that another program holds the file: %s', (code) => {
  expect(inWords(Object.assign(new Error('database is locked'), { code }))).toMatchObject({
    code: 'configuration',
    hint: expect.stringMatching(/Another program holds/) as string,
  });
});
