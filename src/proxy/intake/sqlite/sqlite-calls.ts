/** The messages between the host and the thread of an intake. */
import type { MessagePort } from 'node:worker_threads';
import type { Verdict } from '../../../protocol/batch.js';
import type { AdmittedEvent } from '../admitted.js';
import type { Intake, Lane } from '../intake.js';
import type { IntakeFile } from './sqlite-intake.js';

/** The names of methods that answer once, by a promise. */
type Answering<Of> = {
  [Name in keyof Of]-?: Of[Name] extends (...given: never) => Promise<unknown> ? Name : never;
}[keyof Of];

/** Methods of a lane that the host passes to the thread as they are. */
export const LANE_METHODS = {
  lead: true,
  resign: true,
  begin: true,
  finish: true,
  note: true,
  status: true,
  list: true,
  retry: true,
  purge: true,
} as const satisfies Record<Answering<Lane>, true>;

/** The same for an intake, besides those of its lanes. Taking is not among them, since it is done in groups. */
export const INTAKE_METHODS = {
  knows: true,
  accept: true,
  nameKey: true,
  endSessions: true,
  sessionsEnded: true,
  noteDoor: true,
  door: true,
  close: true,
} as const satisfies Record<Exclude<Answering<Required<Intake>>, keyof Lane | 'take'>, true>;

/** The lanes by name. */
export type LaneName = 'events' | 'usage';

/** What comes in portions. */
export type Portioned = 'tally' | 'ledger';

/** What the thread is asked. */
export type Ask =
  | { readonly kind: 'lane'; readonly lane: LaneName; readonly method: keyof typeof LANE_METHODS }
  | { readonly kind: 'intake'; readonly method: keyof typeof INTAKE_METHODS }
  /** Takes events, which {@link packEvents} packs. {@link unpackVerdicts} reads the answer. */
  | { readonly kind: 'take' }
  /** Begins an answer in portions, under a number that the host gives. */
  | { readonly kind: 'portions'; readonly method: Portioned; readonly lane: LaneName }
  /** Asks for the next portion. */
  | { readonly kind: 'next' }
  /** The host does not need any more portions. */
  | { readonly kind: 'leave' };

/** A call: what is asked, and what it is given. */
export type Call = Ask & { readonly id: number; readonly given: readonly unknown[] };

/**
 * The events of a group and their verdicts go between threads as one string, since a message of many small objects costs
 * several times as much.
 */
export const packEvents = (events: readonly AdmittedEvent[]): string => JSON.stringify(events);
/** The events in a string. */
export const unpackEvents = (text: string): readonly AdmittedEvent[] =>
  JSON.parse(text) as readonly AdmittedEvent[];

const ACCEPTED: Verdict = { kind: 'accepted' };

/** Verdicts as a string. Nearly all events are accepted, so only the others are in it. */
export const packVerdicts = (verdicts: ReadonlyMap<string, Verdict>): string =>
  JSON.stringify([...verdicts].filter(([, { kind }]) => kind !== 'accepted'));
/** The verdicts of these events, from the string. */
export const unpackVerdicts = (
  text: string,
  events: readonly AdmittedEvent[],
): ReadonlyMap<string, Verdict> => {
  const others = new Map(JSON.parse(text) as readonly (readonly [string, Verdict])[]);
  return new Map(events.map(({ id }) => [id, others.get(id) ?? ACCEPTED]));
};

/** Whose events an intake keeps. */
export interface Claim {
  readonly site: string;
  readonly groups: ReadonlySet<string> | undefined;
}

/** What the host sends: a call, or whose the intake is. */
export type Request = Call | { readonly kind: 'claim'; readonly claim: Claim };

/** What the thread sends: an answer, or an alert for the operator. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: PackedError }
  | { readonly alert: string }
  /** The first of all, once the file is open. */
  | { readonly isOpen: true };

/** What a thread is started with. */
export interface ThreadStart extends IntakeFile {
  /** Where it says how opening or claiming went. The host waits for that. */
  readonly door: MessagePort;
  /** How often it has said so. */
  readonly said: SharedArrayBuffer;
  /** Whose events it keeps. @default nobody's yet */
  readonly claim: Claim | undefined;
}

/** How opening or claiming went. */
export interface Said {
  readonly failure?: PackedError;
}

/** An error as it goes between threads: a message would lose its name and code. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string | undefined;
  /** The hint of an `OffersightError`. */
  readonly hint?: string | undefined;
  readonly cause?: PackedError | undefined;
}
