/** The intake as calls to the thread that has its file. */
import { OffersightError } from '../../../errors.js';
import { platformRuntime } from '../../../runtime.js';
import { checkOptionNames } from '../../option-names.js';
import { inTime } from '../../patience.js';
import type { Intake, Lane } from '../intake.js';
import { onlyRead, type ReadOnlyOption } from '../read-only.js';
import { BOUND_NAMES, type IntakeBounds, resolveBounds } from '../rules.js';
import { askInGroups, createGrouping, DEADLINE_MS } from '../sql/grouping.js';
import {
  type Claim,
  INTAKE_METHODS,
  LANE_METHODS,
  type LaneName,
  type Portioned,
  packEvents,
  unpackVerdicts,
} from './sqlite-calls.js';
import { isOwnFault } from './sqlite-failures.js';
import { type Host, openHostAsync } from './sqlite-host.js';
import type { IntakeFile } from './sqlite-intake.js';
import { doubtAbout, surroundingsOf } from './sqlite-place.js';

/** Options of `sqliteIntake`. */
export interface SqliteIntakeOptions extends IntakeBounds, ReadOnlyOption {
  /**
   * Path of the database file. It is created if it does not exist. Name the whole path: a process that starts in another
   * folder would have another file, and the events that wait in the first one would stay there.
   * @range a path on a local disk whose folder exists
   * @example `'/var/lib/offersight/intake.db'`
   */
  readonly file: string;
}

/** Asks for portions one by one. A thread that was started again cannot continue with them. */
async function* portionsOf<Portion>(
  host: Host,
  method: Portioned,
  lane: LaneName,
  ...given: readonly unknown[]
): AsyncGenerator<Portion> {
  const number = host.number();
  await host.ask({ kind: 'portions', method, lane }, number, ...given);
  try {
    for (;;) {
      const next = await host.ask({ kind: 'next' }, number);
      if (next === undefined) throw new Error('The thread of the intake was started again: read again.');
      // The thread gives portions of what it was asked for.
      const { done, value } = next as IteratorResult<Portion, undefined>;
      if (done) return;
      yield value;
    }
  } finally {
    // This fails if the thread ended. Then there is nothing that it has to forget.
    await host.ask({ kind: 'leave' }, number).catch(() => undefined);
  }
}

/** Makes one method for each name. */
const methodsOf = <Name extends string>(
  names: Readonly<Record<Name, true>>,
  ask: (method: Name, given: readonly unknown[]) => Promise<unknown>,
): Record<Name, (...given: readonly unknown[]) => Promise<unknown>> => {
  const methods = Object.keys(names).map((name) => {
    // These are the keys of that record.
    const method = name as Name;
    return [method, (...given: readonly unknown[]) => ask(method, given)];
  });
  return Object.fromEntries(methods) as ReturnType<typeof methodsOf<Name>>;
};

const laneOf = (host: Host, lane: LaneName): Lane => {
  const methods = methodsOf(LANE_METHODS, (method, given) =>
    host.ask({ kind: 'lane', lane, method }, ...given),
  );
  // The thread calls the methods of these names, so they have the same parameters and results.
  return { ...(methods as unknown as Lane), tally: (filter) => portionsOf(host, 'tally', lane, filter) };
};

/**
 * What the thread opens.
 * @throws {OffersightError} `configuration` if an option is wrong.
 */
export const fileOf = (options: SqliteIntakeOptions): IntakeFile => {
  checkOptionNames('sqliteIntake', options, { ...BOUND_NAMES, file: true, readOnly: true });
  const { file, readOnly = false, ...given } = options;
  // SQLite would take an empty name for a file that is gone when it is closed, and libsql an address for a server.
  if (typeof file !== 'string' || !/^(?!:|(?:file|libsql|https?|wss?):)[^\0]+$/i.test(file))
    throw new OffersightError(
      'configuration',
      'Set file to the path of a file on a local disk, such as /var/lib/offersight/intake.db.',
    );
  return { file, bounds: resolveBounds(given), isReading: readOnly };
};

/** Makes an intake of its thread. */
export const intakeOver = (host: Host, { file, readOnly = false }: SqliteIntakeOptions): Intake => {
  const runtime = platformRuntime();
  // Files of tests are where nothing has to stay.
  const doubt = process.env.NODE_ENV === 'test' ? undefined : doubtAbout(surroundingsOf(file));
  const grouping = createGrouping(
    // The thread answers so.
    async (events) =>
      unpackVerdicts((await host.ask({ kind: 'take' }, packEvents(events))) as string, events),
    { runtime, isOwnFault },
  );
  const methods = methodsOf(INTAKE_METHODS, (method, given) =>
    host.ask({ kind: 'intake', method }, ...given),
  ) as unknown as Pick<Intake, keyof typeof INTAKE_METHODS>;

  const intake: Intake = {
    ...laneOf(host, 'events'),
    ...methods,
    usage: laneOf(host, 'usage'),
    take: grouping.take,
    knows: askInGroups(methods.knows, { runtime, isOwnFault }),
    // Requests also wait for this.
    accept: (events) => inTime(runtime, DEADLINE_MS, methods.accept(events)),
    ledger: (filter) => portionsOf(host, 'ledger', 'events', filter),
    claim(site, bookkeeping = {}) {
      host.claim(site, bookkeeping);
      if (doubt !== undefined) bookkeeping.onAlert?.(doubt);
    },
    async close() {
      await grouping.idle();
      await host.close();
    },
  };
  return readOnly ? onlyRead(intake) : intake;
};

/**
 * Opens an intake as `sqliteIntake` does. It does not block while the file is locked: this process may serve other sites.
 * @param claim Whose events it keeps, if that is known.
 * @throws {OffersightError} As `sqliteIntake`, and `configuration` if it keeps another site's events.
 */
export const openIntakeAsync = async (options: SqliteIntakeOptions, claim?: Claim): Promise<Intake> =>
  intakeOver(await openHostAsync(fileOf(options), claim), options);
