/** Writes the history of a run. */
import type { History, Row } from '../history/row.js';
import { type Clock, START } from './clock.js';

/** A row without its time. */
export type Unplaced = { [Kind in Row['kind']]: Omit<Extract<Row, { kind: Kind }>, 'at'> }[Row['kind']];

/** Writes rows down. */
export interface Recorder {
  readonly history: History;
  /** Writes a row with the clock's true time. */
  write(row: Unplaced): void;
  /** Returns a number that no other row has. */
  number(): number;
}

/** Begins a history. */
export const createRecorder = (clock: Clock): Recorder => {
  const history: Row[] = [];
  let numbers = 0;
  return {
    history,
    write: (row) => history.push({ at: START + clock.elapsed, ...row }),
    number: () => ++numbers,
  };
};
