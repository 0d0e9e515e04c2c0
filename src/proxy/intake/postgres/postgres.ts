/**
 * Intake in Postgres. It is as durable as the database, and it remembers its events across restarts. Any number of
 * proxies share it, and one of them forwards. It works behind a pooler that gives each transaction another session.
 * @module offersight/proxy/postgres
 */
import '../../needs-node.js';
import type { PoolConfig } from 'pg';
import { OffersightError } from '../../../errors.js';
import { platformRuntime } from '../../../runtime.js';
import { checkOptionNames } from '../../option-names.js';
import type { Intake } from '../intake.js';
import { BOUND_NAMES, type IntakeBounds, type ReadOnlyOption, resolveBounds } from '../rules.js';
import { inGroups } from '../sql/group-commit.js';
import { createSqlIntake } from '../sql/intake.js';
import { configOf, createConnections } from './postgres-connections.js';
import { createDriver, POSTGRES } from './postgres-driver.js';
import { isOwnFault } from './postgres-failures.js';
import { createOpening } from './postgres-opening.js';

/** Options of {@link postgresIntake}. */
export interface PostgresIntakeOptions extends IntakeBounds, ReadOnlyOption {
  /**
   * The database to connect to, also through a pooler.
   * @range a URL, or options as pg's `Pool` takes them
   * @example `'postgres://offersight@localhost:5432/shop'`
   */
  readonly connection: string | PoolConfig;
  /**
   * The schema that the tables are in. It is created if it does not exist.
   * @default 'offersight'
   * @range 1–50 lower-case letters, digits and `_`, beginning with a letter
   * @example `'offersight_eu'`
   */
  readonly name?: string | undefined;
}

const NAME = /^(?!pg_|information_schema$)[a-z][a-z0-9_]{0,49}$/;

/**
 * Opens an intake in a database. It connects by itself, and reconnects after the database was away. Meanwhile every
 * method rejects. The tables are made at the first use.
 *
 * An accepted event is as safe as the database's settings make it. The intake refuses a database whose commits a power
 * cut could undo.
 * @throws {OffersightError} `configuration` if an option is wrong.
 */
export const postgresIntake = (options: PostgresIntakeOptions): Intake => {
  checkOptionNames('postgresIntake', options, {
    ...BOUND_NAMES,
    ...{ connection: true, name: true, readOnly: true },
  });
  const { connection, name: schema = 'offersight', readOnly = false, ...given } = options;
  if (typeof schema !== 'string' || !NAME.test(schema))
    throw new OffersightError(
      'configuration',
      'Set name to at most 50 lower-case letters, digits and underscores that begin with a letter, and not with pg_.',
    );
  const bounds = resolveBounds(given);
  const runtime = platformRuntime();
  const connections = createConnections(configOf(connection), runtime);
  const opening = createOpening(connections, schema, readOnly);
  const driver = createDriver(connections, {
    schema,
    runtime,
    ready: opening.ready,
    onLost: opening.forget,
    onFound: opening.find,
  });
  const { keepBooks, ...intake } = createSqlIntake(driver, POSTGRES, bounds, readOnly);
  return {
    ...intake,
    ...inGroups(intake, { runtime, isOwnFault }),
    claim(site, bookkeeping = {}) {
      keepBooks(bookkeeping);
      opening.claim(site, bookkeeping.onAlert);
    },
  };
};
