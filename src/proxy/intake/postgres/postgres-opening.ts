/** The intake's schema: checks the server that it is on, makes it, and stores whose it is. */
import { OffersightError } from '../../../errors.js';
import { platformRuntime, type Runtime } from '../../../runtime.js';
import { ALERTS } from '../../telling/alerts.js';
import { otherSite } from '../rules.js';
import { ledgerOf } from '../sql/counting.js';
import { deadLettersOf } from '../sql/dead-letters.js';
import { fairnessOf } from '../sql/fairness.js';
import { INDEXES, schemaOf } from '../sql/schema.js';
import { POSTGRES } from './postgres-dialect.js';
import { inWords, ONLY_READS, sqlStateOf } from './postgres-failures.js';
import type { Connections, Session } from './postgres-pool.js';

/** The number of the schema's layout, which a release writes into it. */
const LAYOUT = 2;
const LEAST_VERSION = 140_000;
/** So often the settings are looked at again, since somebody may change them while it runs. */
const CHECK_MS = 300_000;
const ATTEMPTS = 5;
/**
 * Codes if another process makes the same schema at the same moment. The one that fails finds it when it looks again.
 */
const MADE_BY_ANOTHER = ['23505', '42P06', '42P07', '42710', '42723', '40001', '40P01'];

const BEGIN_MAKING = 'BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = 6000';
const BEGIN_READING = 'BEGIN READ ONLY; SET LOCAL statement_timeout = 6000';

const REMEDY =
  'give each site a schema of its own by --schema (name of postgresIntake), or another database.';
const PLACE = 'schema in Postgres';

/** What the server says about itself. */
interface Server {
  readonly version: number;
  readonly encoding: string;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly is_standby: boolean;
  readonly read_only: string;
  readonly has_schema: boolean;
  readonly has_tables: boolean;
  readonly is_ours: boolean;
}

const lookOf = (schema: string): string => `
  SELECT current_setting('server_version_num')::bigint AS version,
    current_setting('server_encoding') AS encoding,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit,
    pg_is_in_recovery() AS is_standby,
    current_setting('transaction_read_only') AS read_only,
    to_regnamespace('"${schema}"') IS NOT NULL AS has_schema,
    EXISTS (SELECT 1 FROM pg_catalog.pg_class WHERE relnamespace = to_regnamespace('"${schema}"')) AS has_tables,
    to_regclass('"${schema}".gate') IS NOT NULL AS is_ours`;

const creationOf = (schema: string, hasSchema: boolean): string => `
  ${hasSchema ? '' : `CREATE SCHEMA "${schema}";`}
  SET LOCAL search_path = "${schema}", pg_temp;
  -- Each transaction that writes locks it, so that no other one writes meanwhile.
  CREATE TABLE gate (layout BIGINT NOT NULL);
  INSERT INTO gate (layout) VALUES (${LAYOUT});
  ${schemaOf(POSTGRES)}
  ${ledgerOf(POSTGRES)}
  ${fairnessOf(POSTGRES)}
  ${deadLettersOf(POSTGRES)}
  ${INDEXES.join(';')}`;

const refused = (hint: string): OffersightError => new OffersightError('configuration', hint);

/** @throws {OffersightError} `configuration` if it could not be read. */
const checkReading = (server: Server): void => {
  if (server.version < LEAST_VERSION)
    throw refused(`This Postgres is too old: the intake needs version ${LEAST_VERSION / 10_000} or later.`);
  if (server.encoding !== 'UTF8')
    throw refused(`The database has the encoding ${server.encoding}: create one with UTF8.`);
};

/** @throws {OffersightError} `configuration` if what it commits may be lost, or it cannot keep it at all. */
const checkServer = (server: Server): void => {
  if (server.is_standby || server.read_only === 'on') throw refused(ONLY_READS);
  checkReading(server);
  if (server.fsync !== 'on')
    throw refused(
      'Postgres runs with fsync off, so a power cut would lose accepted events: set fsync = on, and restart it.',
    );
  if (server.synchronous_commit !== 'on')
    throw refused(
      'Postgres commits without waiting for the disk, although it is asked to: set synchronous_commit = on.',
    );
};

/** Opens a schema. */
export interface Opening {
  /** Resolves when the server has been found to keep events safely, and the tables exist and belong to this site. */
  ready(): Promise<void>;
  /** Call it when the connection to the server was lost: another server may answer now. */
  forget(): void;
  /**
   * Names the site. The next {@link Opening.ready} stores it.
   * @throws {OffersightError} `configuration` if another one was named before.
   */
  claim(site: string, onAlert?: (message: string) => void): void;
}

/**
 * Makes an {@link Opening}.
 * @param isReading Whether to open it only for reading: the schema must exist, and nothing is written. A standby works too.
 */
export const createOpening = (
  connections: Connections,
  schema: string,
  isReading: boolean,
  { elapsed }: Pick<Runtime, 'elapsed'> = platformRuntime(),
): Opening => {
  let opened: Promise<void> | undefined;
  let owner: string | undefined;
  let alert: (message: string) => void = () => undefined;
  let checkedAt = 0;

  const make = async (session: Session, { has_schema, has_tables, is_ours }: Server): Promise<void> => {
    if (is_ours) {
      const { rows } = await session.query<{ layout: number }>(`SELECT layout FROM "${schema}".gate`);
      const layout = rows[0]?.layout ?? 0;
      if (layout === LAYOUT) return;
      throw refused(
        layout > LAYOUT
          ? `The schema ${schema} was written by a newer release: run that one, or name another schema.`
          : `The schema ${schema} was written before the release of this version: name another schema.`,
      );
    }
    if (isReading) throw refused(`There is no intake in the schema ${schema}: start the proxy first.`);
    if (has_tables)
      throw refused(
        `The schema ${schema} belongs to another program: set name to one that is not there yet.`,
      );
    await session.query(creationOf(schema, has_schema));
  };

  const claim = async (session: Session, site: string): Promise<void> => {
    const table = `"${schema}".site`;
    await session.query(`INSERT INTO ${table} (one, name) VALUES (1, $1) ON CONFLICT DO NOTHING`, [site]);
    const { rows } = await session.query<{ name: string }>(`SELECT name FROM ${table}`);
    const name = rows[0]?.name;
    if (name !== undefined && name !== site) throw otherSite(PLACE, name, site, REMEDY);
  };

  const open = async (session: Session): Promise<void> => {
    await session.query(isReading ? BEGIN_READING : BEGIN_MAKING);
    const { rows } = await session.query<Server>(lookOf(schema));
    const [server] = rows;
    if (!server) throw new Error('Postgres did not say what it is.');
    (isReading ? checkReading : checkServer)(server);
    await make(session, server);
    if (owner !== undefined) await claim(session, owner);
    await session.query('COMMIT');
    if (server.full_page_writes !== 'on' && !isReading) alert(ALERTS.tornPages.words);
  };

  const openPatiently = async (): Promise<void> => {
    for (let count = 1; ; count++)
      try {
        return await connections.use(open);
      } catch (cause) {
        if (count < ATTEMPTS && MADE_BY_ANOTHER.includes(sqlStateOf(cause) ?? '')) continue;
        throw inWords(cause);
      }
  };

  const opening: Opening = {
    ready() {
      if (elapsed() - checkedAt >= CHECK_MS) opened = undefined;
      if (!opened) checkedAt = elapsed();
      opened ??= openPatiently().catch((cause: unknown) => {
        opened = undefined;
        throw cause;
      });
      return opened;
    },
    forget() {
      opened = undefined;
    },
    claim(site, onAlert = alert) {
      if (owner !== undefined && owner !== site) throw otherSite(PLACE, owner, site, REMEDY);
      owner = site;
      alert = onAlert;
      opening.forget();
    },
  };
  return opening;
};
