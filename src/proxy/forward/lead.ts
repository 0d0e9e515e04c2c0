/** Whether this process forwards a lane, and what it leaves for the process that leads after it. */
import type { Runtime } from '../../runtime.js';
import type { Lane, LaneNote } from '../intake/intake.js';
import { noted, type Pauses } from './pauses.js';
import type { Refusals } from './refusals.js';
import type { TrackRecord } from './track-record.js';

/** The lead of one forwarder. */
export interface Lead {
  /** Renews the lead in time, or asks for it. Resolves whether this process leads. */
  hold(): Promise<boolean>;
  /** Which lead this process has: another number after each that was lost. Undefined while it has none. */
  term(): number | undefined;
  /** Gives the lead up, and takes part under another name from now on. */
  renounce(): Promise<void>;
  /** Gives the lead up for good. */
  resign(): Promise<void>;
  /** Leaves a note for successors and operators. If that fails, no event is harmed. */
  leaveNote(): Promise<void>;
}

/** The lead is renewed so often; it lasts for three times as long. */
export const RENEW_MS = 10_000;

/** What a lead needs. */
export interface LeadContext {
  readonly runtime: Pick<Runtime, 'now' | 'elapsed' | 'randomBits'>;
  readonly pauses: Pauses;
  readonly refusals: Refusals;
  readonly trackRecord: TrackRecord;
  /** Called if the intake fails. */
  readonly broken: (cause: unknown) => void;
}

/** Takes part with a token of its own. */
export const createLead = (
  lane: Lane,
  { runtime, pauses, refusals, trackRecord, broken }: LeadContext,
): Lead => {
  let token = `${runtime.randomBits()}`;
  // On the monotonic clock, since the other one can be set back by a day.
  let leadsUntil = 0;
  let terms = 0;
  let lastNote = '{}';

  /** Makes what an earlier process left its own. */
  const takeOver = async (): Promise<void> => {
    terms++;
    const { note } = await lane.status(runtime.now());
    lastNote = JSON.stringify(note);
    pauses.resume(note);
    trackRecord.resume(note);
  };

  return {
    async hold() {
      const at = runtime.elapsed();
      if (at < leadsUntil - RENEW_MS) return true;
      const isNew = at >= leadsUntil;
      leadsUntil = (await lane.lead(token, runtime.now())) ? at + 2 * RENEW_MS : 0;
      if (leadsUntil && isNew) await takeOver();
      return leadsUntil > 0;
    },

    term: () => (runtime.elapsed() < leadsUntil ? terms : undefined),

    async renounce() {
      await lane.resign(token);
      token = `${runtime.randomBits()}`;
      leadsUntil = 0;
    },

    // An intake that is away cannot be notified; the lead runs out by itself.
    resign: () => lane.resign(token).catch(broken),

    async leaveNote() {
      const refused = refusals.alert();
      const note: LaneNote = {
        ...(refused && noted(refused)),
        ...pauses.note(),
        ...trackRecord.note(),
      };
      const next = JSON.stringify(note);
      if (next === lastNote) return;
      try {
        await lane.note(note);
        lastNote = next;
      } catch (cause) {
        // Tried again at the next look.
        broken(cause);
      }
    },
  };
};
