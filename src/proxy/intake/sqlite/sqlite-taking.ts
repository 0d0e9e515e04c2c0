/** Takes the events of several requests in one transaction: what a request costs is mostly waiting for the disk. */
import type { Verdict } from '../../../protocol/batch.js';
import type { AdmittedEvent } from '../admitted.js';
import type { Intake } from '../intake.js';
import type { Group, Taken } from './sqlite-calls.js';
import { packError } from './sqlite-errors.js';

/** Whether another program holds the file, so that a retry would only wait again. */
const isHeld = (cause: unknown): boolean =>
  cause instanceof Error && String((cause as { code?: unknown }).code).startsWith('SQLITE_BUSY');

/** Requests that can be taken together, and their events. */
interface Part {
  readonly requests: Group[number][];
  /** Each event once, by id. */
  readonly events: Map<string, AdmittedEvent>;
}

/**
 * Requests in order. If two of them have other content for one id, they are in different parts, so that the second one
 * is compared with what was taken.
 */
const partsOf = (group: Group): readonly Part[] => {
  const parts: Part[] = [];
  for (const events of group) {
    const last = parts.at(-1);
    const agrees = ({ id, content }: AdmittedEvent): boolean =>
      (last?.events.get(id)?.content ?? content) === content;
    const part: Part = last && events.every(agrees) ? last : { requests: [], events: new Map() };
    if (part !== last) parts.push(part);
    part.requests.push(events);
    for (const event of events) if (!part.events.has(event.id)) part.events.set(event.id, event);
  }
  return parts;
};

/** The verdicts for each request. An event that an earlier request brought is a duplicate by then. */
const shared = (requests: Part['requests'], verdicts: ReadonlyMap<string, Verdict>): readonly Taken[] => {
  const told = new Set<string>();
  return requests.map((events) => {
    const own = new Map<string, Verdict>();
    for (const { id } of events) {
      const verdict = verdicts.get(id);
      if (!verdict) continue;
      own.set(id, told.has(id) && verdict.kind === 'accepted' ? { kind: 'duplicate' } : verdict);
    }
    for (const { id } of events) told.add(id);
    return { verdicts: own };
  });
};

/**
 * Takes a group.
 * @returns What came of each request, in order. One that cannot be taken does not make any other fail.
 */
export const takeGroup = async (intake: Pick<Intake, 'take'>, group: Group): Promise<readonly Taken[]> => {
  const takeOne = async (events: Group[number]): Promise<Taken> => {
    try {
      return { verdicts: await intake.take(events) };
    } catch (cause) {
      return { failure: packError(cause) };
    }
  };

  const takePart = async ({ requests, events }: Part): Promise<readonly Taken[]> => {
    const [only] = requests;
    if (only && requests.length === 1) return [await takeOne(only)];
    try {
      return shared(requests, await intake.take([...events.values()]));
    } catch (cause) {
      const failure = packError(cause);
      if (isHeld(cause)) return requests.map(() => ({ failure }));
    }
    const taken: Taken[] = [];
    for (const request of requests) taken.push(await takeOne(request));
    return taken;
  };

  const taken: Taken[] = [];
  for (const part of partsOf(group)) taken.push(...(await takePart(part)));
  return taken;
};
