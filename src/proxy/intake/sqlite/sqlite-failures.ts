/** What goes wrong with the file, in words. */
import { OffersightError } from '../../../errors.js';

const SHARES_NO_MEMORY =
  'The file system of the intake’s file has no locks and no shared memory that SQLite can use, as those of other machines: put the file on a local disk, such as a named volume.';

/** What an operator has to do, by the code. */
const REMEDIES: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'The disk of the intake’s file is full: make room on it.',
  SQLITE_BUSY: 'Another program holds the intake’s file: close what else has it open.',
  SQLITE_READONLY: 'The intake’s file can only be read: check its owner and rights, and those of its folder.',
  SQLITE_IOERR: 'The disk of the intake’s file fails: check it.',
  SQLITE_IOERR_LOCK: SHARES_NO_MEMORY,
  SQLITE_IOERR_RDLOCK: SHARES_NO_MEMORY,
  SQLITE_IOERR_SHMLOCK: SHARES_NO_MEMORY,
  SQLITE_IOERR_SHMMAP: SHARES_NO_MEMORY,
  SQLITE_IOERR_SHMOPEN: SHARES_NO_MEMORY,
  SQLITE_CORRUPT:
    'The intake’s file is damaged: stop the proxy, keep the file, and restore a copy or name another file.',
};

/** What to do about what went wrong; undefined if that is not known. */
export const remedyForFile = (cause: unknown): string | undefined => {
  const code = String((cause as { code?: unknown } | undefined)?.code);
  // Such as SQLITE_IOERR_WRITE.
  return REMEDIES[code] ?? REMEDIES[code.split('_', 2).join('_')];
};

/** What went wrong with the file, and what to do about it, if that is known. */
export const inWords = (cause: unknown): unknown => {
  const remedy = remedyForFile(cause);
  return remedy === undefined ? cause : new OffersightError('configuration', remedy, cause);
};

/** Whether another program's lock has prevented it. */
export const isBusy = (cause: unknown): boolean =>
  String((cause as { code?: unknown } | undefined)?.code).startsWith('SQLITE_BUSY');

/** Whether it may be the fault of one request, so that others beside it may be taken. */
export const isOwnFault = (cause: unknown): boolean => {
  const { code } = Object(cause) as { readonly code?: unknown };
  // A lock, memory, or the file itself, also in words: the next request would fail too.
  return typeof code !== 'string' || /^SQLITE_(?!BUSY|LOCKED|NOMEM|CANTOPEN|NOTADB)/.test(code);
};
