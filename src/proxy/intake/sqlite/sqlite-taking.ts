/** Takes the events of several requests in one transaction: what a request costs is mostly waiting for the disk. */
import type { Intake } from '../intake.js';
import type { Group, Taken } from './sqlite-calls.js';
import { packError } from './sqlite-errors.js';
import { type Part, partsOf, shared } from './sqlite-parts.js';

/** Whether another program holds the file, so that a retry would only wait again. */
const isHeld = (cause: unknown): boolean =>
  cause instanceof Error && String((cause as { code?: unknown }).code).startsWith('SQLITE_BUSY');

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
