/** Finds the line of each event. There visitors have names that mean nothing outside of the intake. */
import { createHmac } from 'node:crypto';
import type { AdmittedEvent } from '../admitted.js';
import type { Dialect } from './dialect.js';
import { ask, type Steps } from './driver.js';
import { NOBODY, openLines } from './fairness.js';

/** The line of an event. */
interface Place {
  /** Identifies the line. */
  readonly key: string;
  /** The name that only this intake has for the visitor. */
  readonly visitor: string;
}

/** Gives the lines of events, in order. Makes those that do not exist. */
export type LineUp = (
  events: readonly Pick<AdmittedEvent, 'offerId' | 'visitor'>[],
) => Steps<readonly Place[]>;

const SECRET = 'SELECT secret FROM turns WHERE one = 1';
/** 128 bits: no two visitors share a line. */
const HASH_CHARACTERS = 22;

/** Gives the name that only this intake has for a visitor. */
export type NameVisitor = (given: string) => Steps<string>;

export function* readSecret(): Steps<string> {
  const [row] = yield* ask<{ readonly secret: string }>(SECRET);
  // The secret exists since its table was made.
  return row?.secret ?? '';
}

/** Makes a {@link NameVisitor}. It reads the intake's secret once. */
export const createNaming = (): NameVisitor => {
  let secret: string | undefined;

  return function* nameVisitor(given) {
    secret ??= yield* readSecret();
    return createHmac('sha256', secret).update(given).digest('base64url').slice(0, HASH_CHARACTERS);
  };
};

/** Makes a {@link LineUp}. */
export const createLineUp = (dialect: Dialect): LineUp => {
  const open = openLines(dialect);
  const nameVisitor = createNaming();

  return function* lineUp(events) {
    const names = new Map<string | undefined, string>([[undefined, NOBODY]]);
    const lines = new Map<string, object>();
    const places: Place[] = [];
    for (const [place, { offerId, visitor: given }] of events.entries()) {
      let visitor = names.get(given);
      if (visitor === undefined) {
        visitor = yield* nameVisitor(given ?? '');
        names.set(given, visitor);
      }
      const key = `${visitor} ${offerId}`;
      if (!lines.has(key)) lines.set(key, { offer_id: offerId, visitor, place });
      places.push({ key, visitor });
    }
    yield* ask(open, JSON.stringify([...lines.values()]));
    return places;
  };
};
