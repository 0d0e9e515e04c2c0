/** Whether this process forwards a lane, and the note that it leaves for the process that leads after it. */
import type { Runtime } from '../../runtime.js';
import type { Lane } from '../intake/intake.js';
import type { Pauses } from './pauses.js';
import type { TrackRecord } from './track-record.js';

/** The lead is renewed so often; it lasts for three times as long. */
export const RENEW_MS = 10_000;

interface LeadContext {
  readonly runtime: Pick<Runtime, 'now' | 'elapsed' | 'randomBits'>;
  readonly pauses: Pauses;
  readonly trackRecord: TrackRecord;
  /** Called if the intake fails. */
  readonly broken: (cause: unknown) => void;
}

/** Takes part with a token of its own. */
export const createLead = (lane: Lane, { runtime, pauses, trackRecord, broken }: LeadContext) => {
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
    /** Renews the lead in time, or asks for it. Resolves whether this process leads. */
    async hold(): Promise<boolean> {
      const at = runtime.elapsed();
      if (at < leadsUntil - RENEW_MS) return true;
      const isNew = at >= leadsUntil;
      leadsUntil = (await lane.lead(token, runtime.now())) ? at + 2 * RENEW_MS : 0;
      if (leadsUntil && isNew) await takeOver();
      return leadsUntil > 0;
    },

    /** Names this lead: by another number after each that was lost. Undefined while there is none. */
    term: (): number | undefined => (runtime.elapsed() < leadsUntil ? terms : undefined),

    /** Gives the lead up, and takes part under another name from now on. */
    async renounce(): Promise<void> {
      await lane.resign(token);
      token = `${runtime.randomBits()}`;
      leadsUntil = 0;
    },

    /** Gives the lead up for good. If the intake cannot be asked, the lead runs out by itself. */
    resign: (): Promise<void> => lane.resign(token).catch(broken),

    /** Leaves a note for successors and operators. If that fails, no event is harmed, and the next look tries again. */
    async leaveNote(): Promise<void> {
      const note = { ...trackRecord.note(), ...pauses.note() };
      const next = JSON.stringify(note);
      if (next === lastNote) return;
      try {
        await lane.note(note);
        lastNote = next;
      } catch (cause) {
        broken(cause);
      }
    },
  };
};
