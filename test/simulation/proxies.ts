/** Processes of a site, with one intake file or without. Each is the real proxy, and may die between two operations. */

import type { Verdict } from '../../src/protocol/batch.js';
import type { Pace } from '../../src/proxy/forward/gate.js';
import type { AdmittedEvent } from '../../src/proxy/intake/admitted.js';
import type { DirectIntake } from '../../src/proxy/intake/direct/direct.js';
import type { Intake } from '../../src/proxy/intake/intake.js';
import type { SqliteIntakeOptions } from '../../src/proxy/intake/sqlite/sqlite.js';
import type { ServerEvent } from '../../src/proxy/reported.js';
import type { Runtime, Stop } from '../../src/runtime.js';
import type { RowCell } from '../history/row.js';
import { answeredAt, cellsOf, utcDayOf } from '../history/wire.js';
import { openHere } from '../support/sqlite.js';
import { type Chance, createChance } from './chance.js';
import { type Clock, START } from './clock.js';
import type { IntakeFile } from './intake-file.js';
import type { Recorder } from './recorder.js';
import type { Rooms } from './rooms.js';
import type { Upstream } from './upstream.js';

/** What goes wrong with an operation of the intake: it has no effect, or it has one and still fails. */
export type IntakeFault = 'fails' | 'fails-after';

/** One process. */
export interface ProxyProcess {
  readonly name: string;
  readonly isDead: boolean;
  /** Resolves when the process is gone. */
  readonly died: Promise<undefined>;
  readonly chance: Chance;
  /** Answers a request; never, if the process dies before. */
  handle(body: string, session: string | undefined): Promise<Response>;
  /** Hands it a request as it is. */
  probe(headers: Readonly<Record<string, string>>, body: string): Promise<Response>;
  /**
   * Reports an acceptance as the host's own program does.
   * @returns Resolves when the intake is asked, or the report has failed.
   */
  report(event: ServerEvent): Promise<void>;
  /** Gives up waiting events as an operator does, the newest first. */
  purge(most: number): Promise<void>;
  /** Dies at the n-th operation from now, 0 for at once. */
  crash(operations: number): void;
  /** Closes it as an operator does. */
  close(): Promise<void>;
}

/** What a process is started with. */
export interface ProxySetting {
  readonly rooms: Rooms;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly endpoint: string;
  /** Whose events it takes. */
  readonly site: string;
  /** Where it keeps events; without one it forwards before it answers. */
  readonly file: IntakeFile | undefined;
  readonly upstream: Upstream;
  readonly seed: number;
  readonly pace: Pace;
  readonly intake: Omit<SqliteIntakeOptions, 'file'>;
  /** How far the servers' clock is ahead of the true one, milliseconds. */
  readonly offset: () => number;
  readonly nextIntakeFault: () => IntakeFault | undefined;
  readonly onDeath: (proxy: ProxyProcess) => void;
  readonly onAlert: (message: string) => void;
}

/** A report of one event whose intake is not asked yet. */
interface Reported {
  readonly name: string;
  readonly cell: RowCell;
  readonly onAsked: () => void;
}

/** A key that only the upstream may ever see. */
export const CANARY_KEY = 'live_CANARYq7Zx81vN';

const SESSION = 'x-session';

/** Starts a process. */
export const startProxy = (setting: ProxySetting, name: string): ProxyProcess => {
  const { rooms, clock, recorder, endpoint, site, file, upstream, seed, pace, offset } = setting;
  const { nextIntakeFault, onDeath, onAlert } = setting;
  const chance = createChance(seed, name);
  const stops = new Set<Stop>();
  let isDead = false;
  let tellDied: (value: undefined) => void = () => undefined;
  /** What the events of each request under way count under, by id. */
  const arrived = new Set<ReadonlyMap<string, RowCell>>();
  /** The harness does nothing else until its intake is asked, so there is only one. */
  let reported: Reported | undefined;
  const died = new Promise<undefined>((resolve) => {
    tellDied = resolve;
  });
  let dueAt = Infinity;

  const raw = file && openHere(rooms, { file: file.file, bounds: rooms.resolveBounds(setting.intake) });
  const die = (): void => {
    if (isDead) return;
    isDead = true;
    tellDied(undefined);
    for (const stop of stops) stop();
    void raw?.close();
    recorder.write({ kind: 'killed', what: 'proxy', names: [name] });
    onDeath(proxy);
  };
  /** Counts operations down to the last one; a dead process goes no further. */
  const reach = async (): Promise<void> => {
    if (--dueAt < 0) die();
    if (isDead) await new Promise(() => undefined);
  };
  const pauseABit = (): Promise<void> =>
    chance.is(0.85)
      ? Promise.resolve()
      : new Promise((resolve) => runtime.after(chance.whole(1, 40), resolve));

  const operate = async <T>(run: () => Promise<T>): Promise<T> => {
    await pauseABit();
    await reach();
    const fault = nextIntakeFault();
    if (fault) recorder.write({ kind: 'fault', where: 'intake', what: fault, target: name });
    if (fault === 'fails') throw new Error('SQLITE_IOERR');
    const result = await run();
    file?.note(name);
    await reach();
    if (fault === 'fails-after') throw new Error('SQLITE_IOERR');
    await pauseABit();
    return result;
  };

  const runtime: Runtime = {
    now: () => Math.floor(START + clock.elapsed + offset()),
    elapsed: () => clock.elapsed,
    after(delayMs, task) {
      const stop = clock.after(delayMs, () => {
        stops.delete(stop);
        if (!isDead) task();
      });
      stops.add(stop);
      return () => {
        stops.delete(stop);
        stop();
      };
    },
    random: chance.next,
    randomBits: chance.bits,
    async fetch(input, init) {
      // A process with a file dies when it uses that.
      if (!file) await reach();
      const response = await upstream.fetchOf(proxy)(input, init);
      if (!file) await reach();
      return response;
    },
  };

  /** What the wire says of an event. If two requests differ, it is the one that the intake was asked for. */
  const cellOf = ({ id, group, reason }: AdmittedEvent): RowCell | undefined => {
    const cells = [...arrived].flatMap((request) => request.get(id) ?? []);
    return cells.find((cell) => cell.group === group && cell.reason === reason) ?? cells[0];
  };
  const noteTaken = (
    verdicts: ReadonlyMap<string, Verdict>,
    cells: ReadonlyMap<string, RowCell | undefined>,
  ): ReadonlyMap<string, Verdict> => {
    for (const [id, { kind, ...rest }] of verdicts) {
      const cell = cells.get(id);
      recorder.write({
        kind: 'taken',
        id,
        proxy: name,
        verdict: { kind, ...('code' in rest && { code: rest.code }) },
        cell: cell && answeredAt(cell, runtime.now()),
      });
    }
    return verdicts;
  };
  const cellsBefore = (events: readonly AdmittedEvent[]) =>
    new Map(events.map((event) => [event.id, cellOf(event)]));
  /** Finds the report because of which an intake is asked. */
  const whatIsReported = (): Reported | undefined => {
    const asked = reported;
    reported = undefined;
    asked?.onAsked();
    return asked;
  };
  const noteAccepted = (
    verdicts: ReadonlyMap<string, Verdict>,
    asked: Reported | undefined,
  ): ReadonlyMap<string, Verdict> => {
    if (!asked) return verdicts;
    const { name: called } = asked;
    const cell = answeredAt(asked.cell, runtime.now());
    for (const [id, { kind }] of verdicts)
      recorder.write({ kind: 'accepted', name: called, id, proxy: name, verdict: { kind }, cell });
    return verdicts;
  };
  const direct = (): DirectIntake => ({
    start(context) {
      const taking = rooms.directIntake().start(context);
      return {
        ...taking,
        async take(events) {
          const cells = cellsBefore(events);
          await reach();
          const verdicts = noteTaken(await taking.take(events), cells);
          await reach();
          return verdicts;
        },
      };
    },
  });
  const durable = (raw: Intake): Intake => ({
    take(events) {
      // Nobody may ask for this because of a report that is only counted. If somebody does, that is written down.
      const [cells, asked] = [cellsBefore(events), whatIsReported()];
      return operate(async () => noteAccepted(noteTaken(await raw.take(events), cells), asked));
    },
    claim: (site) => raw.claim(site),
    noteDoor: async () => undefined,
    door: (now) => raw.door(now),
    lead: (token, now) => operate(() => raw.lead(token, now)),
    resign: (token) => operate(() => raw.resign(token)),
    begin: (options) => operate(() => raw.begin(options)),
    finish: (...result) => operate(() => raw.finish(...result)),
    knows: (events) => operate(() => raw.knows(events)),
    note: (note) => operate(() => raw.note(note)),
    status: (now) => operate(() => raw.status(now)),
    list: (filter) => raw.list(filter),
    tally: (filter) => raw.tally(filter),
    retry: (ids, now) => raw.retry(ids, now),
    purge: (ids, now) => raw.purge(ids, now),
    accept(events) {
      const asked = whatIsReported();
      return operate(async () => noteAccepted(await raw.accept(events), asked));
    },
    ledger: (filter) => raw.ledger(filter),
    endSessions: () => raw.endSessions(),
    sessionsEnded: () => raw.sessionsEnded(),
    nameKey: () => raw.nameKey(),
    usage: raw.usage,
    close: async () => undefined,
  });

  const proxy: ProxyProcess = {
    name,
    chance,
    died,
    get isDead() {
      return isDead;
    },
    async handle(body, session) {
      const request = new Request('http://proxy.invalid/', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'sec-fetch-site': 'same-origin',
          ...(session !== undefined && { [SESSION]: session }),
        },
        body,
      });
      if (isDead) return new Promise(() => undefined);
      const cells = cellsOf(body, runtime.now());
      arrived.add(cells);
      const response = await product(request);
      arrived.delete(cells);
      return isDead ? new Promise(() => undefined) : response;
    },
    async probe(headers, body) {
      const request = new Request('http://proxy.invalid/', { method: 'POST', headers, body });
      return product(request);
    },
    report(event) {
      const { name: called, type, group } = event;
      const day = utcDayOf(runtime.now());
      recorder.write({ kind: 'reported', name: called, proxy: name, day });
      return new Promise((resolve) => {
        reported = { name: called, cell: { day, type, group }, onAsked: resolve };
        // If it fails, the host's program does not know whether it counted, and may report it again.
        void product
          .report([event])
          .catch(() => {
            reported = undefined;
          })
          .then(() => resolve());
      });
    },
    async purge(most) {
      if (!raw || isDead) return;
      const rows = await raw.list({ limit: most, states: ['waiting'] });
      const ids = rows.map(({ id }) => id);
      recorder.write({ kind: 'purged', ids, proxy: name });
      await raw.purge(ids, runtime.now());
      file?.note(name);
    },
    crash(operations) {
      dueAt = operations;
      if (operations === 0) die();
    },
    async close() {
      await product.close();
      if (isDead) return;
      isDead = true;
      tellDied(undefined);
      for (const stop of stops) stop();
      await raw?.close();
    },
  };
  recorder.write({ kind: 'started', proxy: name, endpoint, isDirect: !raw });
  const product = rooms.createOfferProxy({
    site,
    apiKey: CANARY_KEY,
    intake: raw ? durable(raw) : direct(),
    pace,
    subject: (request) => request.headers.get(SESSION) ?? undefined,
    runtime,
    // They are counted by the machine's own clock, of which a run takes moments.
    limits: { perAddress: Infinity, perSubject: Infinity, perOfferADay: Infinity },
    onAlert,
  });
  return proxy;
};
