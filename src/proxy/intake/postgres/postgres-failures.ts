/** What went wrong in Postgres, in words. An error of the server may quote what it was given, and ours must not. */
import { OffersightError } from '../../../errors.js';
import { cleanCause } from '../../alerts/cause.js';

/** What may be said of an error of the server; undefined if the server was not reached. */
const refusalOf = (cause: unknown) => {
  if (!(cause instanceof Error) || !('code' in cause) || !('severity' in cause)) return undefined;
  const { code, message } = cause;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? { code, message } : undefined;
};

/** The server's code for a failure, such as `40001`. */
export const sqlStateOf = (cause: unknown): string | undefined => refusalOf(cause)?.code;

/** Whether another transaction was in the way, so that it helps to repeat this one. */
export const isPassing = (cause: unknown): boolean => ['40001', '40P01'].includes(sqlStateOf(cause) ?? '');

/** Whether a table is not there. */
export const isMissing = (cause: unknown): boolean => sqlStateOf(cause) === '42P01';

/** Whether it is the transaction's own fault, so that another one beside it may succeed. */
export const isOwnFault = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && /^SQLSTATE_(22|23|P0)/.test(String(cause.code));

/** What an operator has to do if the server takes no writes. */
const ONLY_READS =
  'Postgres only reads there: name the primary in connection, or if it is the primary, set default_transaction_read_only = off.';

const MISSING =
  'A table of the intake is missing from its schema, or a column of one: restore the schema from a copy, or drop all of it, and the proxy creates it again.';
const PUBLISHED =
  'A publication of this database keeps Postgres from changing the intake’s tables: leave the schema of the intake out of it, or make the user of the intake the owner of the tables, so that the proxy can give them keys.';

/** What an operator has to do, by the code. */
const REMEDIES: Readonly<Record<string, string>> = {
  '25006': ONLY_READS,
  '28000': 'Postgres does not let the user in: check user, host and TLS against its pg_hba.conf.',
  '28P01': 'Postgres does not accept the password: check user and password in its URL.',
  '3D000': 'Postgres has no database of this name: create it, or name another one in its URL.',
  '42703': MISSING,
  '42P01': MISSING,
  // A published table needs a key whose columns the publication has.
  '42P10': PUBLISHED,
  '55000': PUBLISHED,
  '42501':
    'The database user may not create or use the schema of the intake: let it create one, or make the user the owner of the schema and its tables.',
};

/** What to do if the connection could not be secured; undefined if that is not what failed. */
const remedyForTls = (cause: unknown): string | undefined => {
  if (!(cause instanceof Error)) return undefined;
  const { code = '', message } = cause as NodeJS.ErrnoException;
  // The driver's own words, without a code.
  if (/^The server does not support SSL/.test(message))
    return 'Postgres offers no TLS at the host and port of its URL: let it use TLS, or leave sslmode out if nobody else reads that network.';
  if (!/CERT|ISSUER|LEAF_SIGNATURE/.test(code)) return undefined;
  return `The certificate of Postgres is not accepted (${code}): it has to be valid now, name the host of the URL, and be from an authority that this machine knows. Name the file of another authority by sslrootcert in the URL, or by NODE_EXTRA_CA_CERTS.`;
};

/** A failure without anything that the caller must not see. */
export const inWords = (cause: unknown): unknown => {
  const refusal = cause instanceof OffersightError ? undefined : refusalOf(cause);
  // The message of a data exception quotes the value. The code begins with a letter, as system codes do.
  const told = refusal
    ? Object.assign(
        new Error(refusal.code.startsWith('22') ? 'Postgres refused a value.' : refusal.message),
        {
          name: 'PostgresError',
          code: `SQLSTATE_${refusal.code}`,
        },
      )
    : cleanCause(cause);
  const remedy = refusal ? REMEDIES[refusal.code] : remedyForTls(cause);
  return remedy === undefined ? told : new OffersightError('configuration', remedy, told);
};
