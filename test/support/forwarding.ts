/** A forwarder over a real intake file, with a destination that records when it was called with which event. */
import { join } from 'node:path';
import { createAlert } from '../../src/proxy/alerts/alert.js';
import type { Destination, Outcome } from '../../src/proxy/forward/destination.js';
import { createForwarder, type Forwarder } from '../../src/proxy/forward/forwarder.js';
import type { ResolvedPace } from '../../src/proxy/forward/gate.js';
import type { AdmittedEvent, Intake, IntakeRow } from '../../src/proxy/index.js';
import type { SqliteIntakeOptions } from '../../src/proxy/intake/sqlite/sqlite.js';
import { admitted, temporaryFolder } from './intake.js';
import { type FakeRuntime, fakeRuntime } from './runtime.js';
import { intakeHere } from './sqlite.js';

/** One call: which event, when, and when it was answered. */
export interface ForwardedCall {
  readonly number: number;
  readonly at: number;
  endedAt?: number;
}

/** Forwarders, their clock and their upstream. */
export interface Stage {
  readonly runtime: FakeRuntime;
  readonly intake: Intake;
  readonly calls: ForwardedCall[];
  readonly alerts: string[];
  /** The upstream's outcome for an event; the default is done, at once. */
  answer: (number: number) => Outcome | Promise<Outcome>;
  /** Takes the events with these numbers now, each of its own offer. */
  take(...numbers: readonly number[]): Promise<void>;
  /** Takes these events as they are. */
  takeEvents(...events: readonly AdmittedEvent[]): Promise<void>;
  /** Another connection to the same file. */
  open(options?: Omit<SqliteIntakeOptions, 'file'>): Intake;
  /** Starts a forwarder; it is closed with the stage. */
  start(
    pace?: Partial<ResolvedPace>,
    intake?: Intake,
    onAlert?: (message: string, cause?: unknown) => void,
  ): Forwarder;
  /** The outcome after this much of the runtime's time. */
  after(delayMs: number, outcome: Outcome): Promise<Outcome>;
  /** How the events stand: number → state. */
  states(): Promise<Record<number, IntakeRow['state']>>;
  end(): Promise<void>;
}

/** An event's number, by which it was made. */
const numberOf = ({ id }: Pick<IntakeRow, 'id'>): number => Number.parseInt(id.slice(-12), 16);

/** From one number to another, both included. */
export const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** Sets up a stage. */
export const createStage = (): Stage => {
  const folder = temporaryFolder();
  const runtime = fakeRuntime();
  const forwarders: Forwarder[] = [];
  const open: Stage['open'] = (options) => intakeHere({ file: join(folder.path, 'intake.db'), ...options });
  const intakes = [open()];
  const [intake = open()] = intakes;
  const stage: Stage = {
    runtime,
    intake,
    calls: [],
    alerts: [],
    answer: () => ({ kind: 'done' }),
    take: (...numbers) =>
      stage.takeEvents(...numbers.map((number) => admitted(number, { receivedAt: runtime.now() }))),
    async takeEvents(...events) {
      await intake.take(events);
    },
    open(options) {
      const another = open(options);
      intakes.push(another);
      return another;
    },
    start(pace = {}, over = intake, onAlert = (message) => stage.alerts.push(message)) {
      const forward = async (row: Pick<IntakeRow, 'id'>): Promise<Outcome> => {
        const call: ForwardedCall = { number: numberOf(row), at: runtime.elapsed() };
        stage.calls.push(call);
        const outcome = await stage.answer(call.number);
        call.endedAt = runtime.elapsed();
        return outcome;
      };
      const destination: Destination = {
        maxEvents: 1,
        lingerMs: 0,
        forward: (rows) => Promise.all(rows.map(forward)),
      };
      const alert = createAlert(onAlert, runtime);
      const forwarder = createForwarder(over, {
        destination,
        runtime,
        pace: { perMinute: 150, concurrent: 10, ...pace },
        alert,
      });
      forwarders.push(forwarder);
      return forwarder;
    },
    after: (delayMs, outcome) =>
      new Promise((resolve) => {
        runtime.after(delayMs, () => resolve(outcome));
      }),
    states: async () =>
      Object.fromEntries((await intake.list({ limit: 10_000 })).map((row) => [numberOf(row), row.state])),
    async end() {
      stage.answer = () => ({ kind: 'done' });
      const closing = Promise.all(forwarders.map((forwarder) => forwarder.close()));
      // Answers that are still under way need virtual time to arrive.
      await runtime.advance(60_000);
      await closing;
      await Promise.all(intakes.map((each) => each.close()));
      folder.remove();
    },
  };
  return stage;
};
