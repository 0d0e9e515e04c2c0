/** Finds the line of each event. There visitors have names that mean nothing outside of the intake. */
import { createHmac } from 'node:crypto';
import type { AdmittedEvent } from '../admitted.js';
import type { Dialect, Transaction } from './driver.js';
import { IN_FLIGHT } from './rows.js';

/** The due time of a line whose `dismissed` waits for views of other visitors. */
export const BLOCKED = IN_FLIGHT - 1;
/**
 * So many lines continue at once when the views that they waited for are settled. More follow with the offer's next
 * event.
 */
const UNBLOCKED = 100;

/** The visitor of events that do not name one. */
export const NOBODY = '';

/** The turn before a visitor's next one: his last, or the lane's if that is higher, so turns cannot be saved up. */
const lastTurnIn = (visitor: string, { larger }: Dialect): string =>
  larger(
    '(SELECT turn FROM turns WHERE one = 1)',
    `coalesce((SELECT max(own.turn) FROM lines AS own WHERE own.visitor = ${visitor}), 0)`,
  );

/** Makes lines. Existing ones only become ready, since a new event may go ahead of those that wait in them. */
export const openLines = (dialect: Dialect): string => `
  INSERT INTO lines (offer_id, visitor, turn, due_at)
  SELECT offer_id, visitor, last_turn + row_number() OVER (PARTITION BY visitor, is_known ORDER BY place), 0
  FROM (
    SELECT offer_id, visitor, place, ${lastTurnIn('new.visitor', dialect)} AS last_turn,
      EXISTS (
        SELECT 1 FROM lines AS known WHERE known.offer_id = new.offer_id AND known.visitor = new.visitor
      ) AS is_known
    FROM ${dialect.given({ offer_id: 'text', visitor: 'text', place: 'integer' })} AS new
  ) AS opened
  WHERE true ORDER BY place
  ON CONFLICT (offer_id, visitor) DO UPDATE
    SET due_at = CASE WHEN lines.due_at = ${IN_FLIGHT} THEN ${IN_FLIGHT} ELSE 0 END, barrier = NULL`;

const triggersOf = (dialect: Dialect): string => {
  const nextTurn = `1 + ${lastTurnIn('lines.visitor', dialect)}`;
  const { trigger } = dialect;
  const table = 'events';
  return [
    trigger({
      name: 'events_moved',
      table,
      after: 'UPDATE OF due_at',
      when: 'NEW.settled_at IS NULL AND OLD.settled_at IS NULL AND OLD.due_at <> NEW.due_at',
      // Events that a process had begun when it ended are due at 0, and go first.
      body: `UPDATE lines SET due_at = NEW.due_at, barrier = NULL,
          turn = CASE WHEN OLD.due_at = ${IN_FLIGHT} AND NEW.due_at > 0 THEN ${nextTurn} ELSE turn END
        WHERE line = NEW.line AND (due_at < ${IN_FLIGHT} OR OLD.due_at = ${IN_FLIGHT})`,
    }),
    trigger({
      name: 'events_left',
      table,
      after: 'UPDATE OF settled_at',
      when: 'OLD.settled_at IS NULL AND NEW.settled_at IS NOT NULL',
      // This forgets whose event it was: an empty line is deleted, and its visitor with it.
      body: `UPDATE events SET line = NULL WHERE arrival = NEW.arrival;
        DELETE FROM lines WHERE line = OLD.line
          AND NOT EXISTS (SELECT 1 FROM events WHERE line = OLD.line AND settled_at IS NULL);
        UPDATE lines SET due_at = 0, barrier = NULL,
          turn = CASE WHEN OLD.due_at = ${IN_FLIGHT} THEN ${nextTurn} ELSE turn END
        WHERE line = OLD.line AND (due_at < ${IN_FLIGHT} OR OLD.due_at = ${IN_FLIGHT});
        UPDATE lines SET due_at = 0, barrier = NULL WHERE line IN (
          SELECT line FROM lines WHERE offer_id = OLD.offer_id AND barrier < coalesce(
            (SELECT min(arrival) FROM events
              WHERE offer_id = OLD.offer_id AND type = 'viewed' AND settled_at IS NULL), ${IN_FLIGHT})
          ORDER BY barrier LIMIT ${UNBLOCKED})`,
    }),
    trigger({
      name: 'events_back',
      table,
      after: 'UPDATE OF settled_at',
      when: 'OLD.settled_at IS NOT NULL AND NEW.settled_at IS NULL',
      body: 'UPDATE events SET line = NULL WHERE arrival = NEW.arrival',
    }),
  ].join('\n');
};

export const fairnessOf = (dialect: Dialect): string => {
  const { arrival, integer, secret } = dialect;
  return `
  CREATE TABLE lines (
    line ${arrival},
    offer_id TEXT NOT NULL,
    visitor TEXT NOT NULL,
    turn ${integer} NOT NULL,
    due_at ${integer} NOT NULL,
    barrier ${integer},
    UNIQUE (offer_id, visitor)
  );
  CREATE INDEX lines_ready ON lines (turn, line) WHERE due_at = 0;
  CREATE INDEX lines_due ON lines (due_at) WHERE due_at > 0;
  CREATE INDEX lines_visitor ON lines (visitor, turn);
  CREATE INDEX lines_blocked ON lines (offer_id, barrier) WHERE barrier IS NOT NULL;
  -- The turn of the last event that was begun, and what visitors' names are hashed with.
  CREATE TABLE turns (one ${integer} PRIMARY KEY CHECK (one = 1), turn ${integer} NOT NULL, secret TEXT NOT NULL);
  INSERT INTO turns (one, turn, secret) VALUES (1, 0, ${secret});
  -- Find the events of a line, and those that need attention.
  CREATE INDEX events_line ON events (line, type, arrival) WHERE settled_at IS NULL;
  CREATE INDEX events_adopted ON events (type DESC, arrival) WHERE settled_at IS NULL AND line IS NULL;
  CREATE INDEX events_unknown ON events (first_forward_at) WHERE settled_at IS NULL AND is_ambiguous = 1;
  ${triggersOf(dialect)}`;
};

const SECRET = 'SELECT secret FROM turns WHERE one = 1';
/** 128 bits: no two visitors share a line. */
const HASH_CHARACTERS = 22;

export async function readSecret(tx: Transaction): Promise<string> {
  const [row] = await tx.ask<{ readonly secret: string }>(SECRET);
  // The secret exists since its table was made.
  return row?.secret ?? '';
}

/** Gives the name that only this intake has for a visitor. The intake's secret is read once. */
export const createNaming = () => {
  let secret: string | undefined;

  return async (tx: Transaction, given: string): Promise<string> => {
    secret ??= await readSecret(tx);
    return createHmac('sha256', secret).update(given).digest('base64url').slice(0, HASH_CHARACTERS);
  };
};

/** Gives the line of each event, as a key and its visitor's name, in order. Makes those that do not exist. */
export const createLineUp = (dialect: Dialect) => {
  const open = openLines(dialect);
  const nameVisitor = createNaming();

  return async (tx: Transaction, events: readonly Pick<AdmittedEvent, 'offerId' | 'visitor'>[]) => {
    const names = new Map<string | undefined, string>([[undefined, NOBODY]]);
    const lines = new Map<string, object>();
    const places: { readonly key: string; readonly visitor: string }[] = [];
    for (const [place, { offerId, visitor: given }] of events.entries()) {
      let visitor = names.get(given);
      if (visitor === undefined) {
        visitor = await nameVisitor(tx, given ?? '');
        names.set(given, visitor);
      }
      const key = `${visitor} ${offerId}`;
      if (!lines.has(key)) lines.set(key, { offer_id: offerId, visitor, place });
      places.push({ key, visitor });
    }
    await tx.ask(open, JSON.stringify([...lines.values()]));
    return places;
  };
};
