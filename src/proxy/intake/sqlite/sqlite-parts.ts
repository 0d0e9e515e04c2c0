/** Which requests of a group can be taken together, and what each of them is answered. */
import type { Verdict } from '../../../protocol/batch.js';
import type { AdmittedEvent } from '../admitted.js';
import type { Group, Taken } from './sqlite-calls.js';

/** Requests that can be taken together, and their events. */
export interface Part {
  readonly requests: Group[number][];
  /** Each event once, by id. */
  readonly events: Map<string, AdmittedEvent>;
}

/**
 * Requests in order. If two of them have other content for one id, they are in different parts, so that the second one
 * is compared with what was taken.
 */
export const partsOf = (group: Group): readonly Part[] => {
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
export const shared = (
  requests: Part['requests'],
  verdicts: ReadonlyMap<string, Verdict>,
): readonly Taken[] => {
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
