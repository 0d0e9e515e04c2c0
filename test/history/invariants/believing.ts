/** Whether an event may have ended in an intake as it did: each end needs something that the harness saw or did itself. */
import { TAKING_MS, WAITING_MS } from '../bounds.js';
import { type Chronicle, type Placed, SERVERS } from '../chronicle.js';
import type { KeptRow } from '../row.js';

/** The upstream's answers that can refuse one event. All others are about the key, the site or the upstream itself. */
const REFUSING: readonly number[] = [400, 404, 409, 422];

/** How an event ended in an intake. */
export type Ended = Pick<KeptRow, 'code'> & Partial<KeptRow>;

/** Whether a row is of a proxy at this endpoint. */
const isAt = (
  chronicle: Chronicle,
  { row }: { readonly row: { readonly proxy?: string } },
  endpoint: string | undefined,
): boolean => chronicle.endpointOf(row.proxy) === endpoint;

/** How the intake of an endpoint had an event at the end of the run. */
export const keptAt = (chronicle: Chronicle, id: string, endpoint: string | undefined): KeptRow | undefined =>
  chronicle
    .about('final-intake', id)
    .at(-1)
    ?.row.rows.find((row) => row.id === id && row.endpoint === endpoint);

/** How the intake of an endpoint settled an event, as far as somebody saw that. */
export const settledAt = (
  chronicle: Chronicle,
  id: string,
  endpoint: string | undefined,
): Placed<'settled'> | undefined =>
  chronicle.about('settled', id).findLast((placed) => isAt(chronicle, placed, endpoint));

/** What the servers' clock may have said within a time before a row: the first and the last of it. */
const clockBefore = (chronicle: Chronicle, index: number, withinMs: number): readonly [number, number] => {
  const at = chronicle.history[index]?.at ?? 0;
  const now = at + chronicle.clockOf(SERVERS, index);
  const said = chronicle
    .of('clock')
    .filter((moved) => moved.index < index && moved.row.at >= at - withinMs)
    .map((moved) => moved.row.at + chronicle.clockOf(SERVERS, moved.index));
  return [Math.min(now, ...said) - withinMs, Math.max(now, ...said)];
};

/**
 * Whether an event may have waited for too long by the servers' clock. If nobody saw it taken, a process died before it
 * wrote that down, so the time of the first request counts.
 */
const isOverdue = (chronicle: Chronicle, id: string, endpoint: string | undefined): boolean => {
  const taken = chronicle
    .about('taken', id)
    .find((placed) => placed.row.verdict.kind === 'accepted' && isAt(chronicle, placed, endpoint));
  const begin = taken ?? chronicle.about('requested', id)[0] ?? chronicle.about('created', id)[0];
  if (!begin) return true;
  const end = settledAt(chronicle, id, endpoint)?.index ?? chronicle.history.length - 1;
  const [earliest] = clockBefore(chronicle, begin.index, TAKING_MS);
  const [, latest] = clockBefore(chronicle, end, TAKING_MS);
  return latest - earliest >= WAITING_MS;
};

/** Whether an event is a `dismissed`, and a `viewed` of its offer was dead at the same endpoint by then. */
const isOfDeadView = (chronicle: Chronicle, id: string, endpoint: string | undefined): boolean => {
  const [created] = chronicle.about('created', id);
  if (created?.row.type !== 'dismissed') return false;
  const end = settledAt(chronicle, id, endpoint)?.index ?? Infinity;
  return chronicle.of('created').some(({ row }) => {
    if (row.type !== 'viewed' || row.offerId !== created.row.offerId) return false;
    const settled = settledAt(chronicle, row.id, endpoint);
    if (settled) return settled.row.state === 'dead' && settled.index < end;
    return keptAt(chronicle, row.id, endpoint)?.state === 'dead';
  });
};

/** Whether an event was forwarded, or a process died that may have been about to. */
const mayBeForwarded = (chronicle: Chronicle, id: string, endpoint: string | undefined): boolean => {
  const end = settledAt(chronicle, id, endpoint)?.index ?? Infinity;
  const [begin] = [...chronicle.about('taken', id), ...chronicle.about('requested', id)];
  return (
    chronicle.about('forwarded', id).some((call) => call.index < end && isAt(chronicle, call, endpoint)) ||
    chronicle
      .of('killed')
      .some(
        ({ row, index }) =>
          index > (begin?.index ?? Infinity) &&
          index < end &&
          row.what === 'proxy' &&
          row.names.some((proxy) => isAt(chronicle, { row: { proxy } }, endpoint)),
      )
  );
};

/** Whether the harness gave the event up by its name. What goes along with a `viewed` has another code. */
const isPurged = (chronicle: Chronicle, id: string, endpoint: string | undefined): boolean => {
  const end = settledAt(chronicle, id, endpoint)?.index ?? Infinity;
  return chronicle.about('purged', id).some((purge) => purge.index < end && isAt(chronicle, purge, endpoint));
};

/** Whether the upstream answered a call of the event in a way that refuses it by name. */
const isRefused = (chronicle: Chronicle, id: string, endpoint: string | undefined): boolean =>
  chronicle
    .about('forwarded', id)
    .some(
      (call) =>
        REFUSING.includes(chronicle.endOf(call.row.number)?.row.status ?? 0) &&
        isAt(chronicle, call, endpoint),
    );

/** Whether an end that is not a delivery is explained by what happened. */
export const isBelievable = (
  chronicle: Chronicle,
  id: string,
  endpoint: string | undefined,
  { state, code, isAmbiguous }: Ended,
): boolean => {
  if (state !== 'dead') return true;
  switch (code) {
    case 'expired':
      return isOverdue(chronicle, id, endpoint);
    case 'viewed_dead':
      return isOfDeadView(chronicle, id, endpoint);
    case 'unknown_outcome':
      return isAmbiguous !== false && mayBeForwarded(chronicle, id, endpoint);
    case 'purged':
      return isPurged(chronicle, id, endpoint);
    default:
      return isRefused(chronicle, id, endpoint);
  }
};
