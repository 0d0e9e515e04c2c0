/** What went wrong in Postgres, in words. An error of the server may quote what it was given, and ours must not. */
import { OffersightError } from '../../../errors.js';
import { cleanCause } from '../../alerts/cause.js';

/** What may be said of an error of the server. */
interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** What the server has refused; undefined if it was not reached. */
const refusalOf = (cause: unknown): Refusal | undefined => {
  if (!(cause instanceof Error) || !('code' in cause) || !('severity' in cause)) return undefined;
  const { code, message } = cause;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? { code, message } : undefined;
};

/** The server's code for a failure, such as `40001`; undefined if it was not reached. */
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
  'A table of the intake is missing from its schema, or a column of one: restore the schema from a copy, or drop all of it, and the proxy makes it anew.';
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

const UNKNOWN_AUTHORITY =
  'The certificate of Postgres is from an authority that this machine does not know: name the file of that authority by sslrootcert in its URL, or by NODE_EXTRA_CA_CERTS.';
const OUT_OF_DATE =
  'The certificate of Postgres has expired or is not valid yet: renew it there, or correct this machine’s clock.';

/** The same for certificates, by the code of Node. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: OUT_OF_DATE,
  CERT_NOT_YET_VALID: OUT_OF_DATE,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'The certificate of Postgres does not name the host of its URL: connect to a host that it names.',
};
const NO_TLS =
  'Postgres offers no TLS at the host and port of its URL: let it use TLS, or leave sslmode out if nobody else reads that network.';

/** What to do if the connection could not be secured; undefined if that is not what failed. */
const remedyForTls = (cause: unknown): string | undefined => {
  if (!(cause instanceof Error)) return undefined;
  // The driver's own words, without a code.
  if (cause.message.startsWith('The server does not support SSL')) return NO_TLS;
  return CERTIFICATES[String((cause as NodeJS.ErrnoException).code)];
};

/** The message of a data exception quotes the value, so these get a message of ours. */
const saying = ({ code, message }: Refusal): string =>
  code.startsWith('22') ? 'Postgres refused a value.' : message;

/** A failure without anything that the caller must not see. */
export const inWords = (cause: unknown): unknown => {
  const refusal = refusalOf(cause);
  if (cause instanceof OffersightError || !refusal) {
    const remedy = remedyForTls(cause);
    const clean = cleanCause(cause);
    return remedy === undefined ? clean : new OffersightError('configuration', remedy, clean);
  }
  const told = Object.assign(new Error(saying(refusal)), {
    name: 'PostgresError',
    // It begins with a letter, as system codes do.
    code: `SQLSTATE_${refusal.code}`,
  });
  const remedy = REMEDIES[refusal.code];
  return remedy === undefined ? told : new OffersightError('configuration', remedy, told);
};
