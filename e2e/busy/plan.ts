/** Which pages a run opens: the whole matrix, in an order by chance. */
import { chanceOf } from '../chaos/random.js';
import type { Yielding } from './said.js';

/** How the endpoint answers until the run repairs it. */
export type EndpointState = 'up' | 'down' | 'flapping';

/** How the visit ends: the visitor leaves for a page that works, or the browser is killed. */
export type End = 'leave' | 'kill';

/** The page's processor is so many times slower. */
export type Throttle = 1 | 6;

/** One visit. */
export interface Cell {
  readonly taskMs: number;
  readonly trainMs: number;
  readonly endpoint: EndpointState;
  readonly end: End;
  readonly throttle: Throttle;
  readonly yielding: Yielding;
  /** Whether an offer counts once a page view, or once a browser. */
  readonly repeat: 'page' | 'browser';
  /** In which train the visit ends, from 0, and after which part of that train. */
  readonly train: number;
  readonly share: number;
  /** The kill waits until so many more events are reported as durable, but at most until a little after the train. */
  readonly behindTold: number;
}

/** What a run combines. */
export const MATRIX = {
  taskMs: [100, 250, 400, 500, 700, 900, 1_000],
  trainMs: [1_000, 2_000, 4_000, 8_000],
  endpoint: ['up', 'down', 'flapping'],
  end: ['leave', 'kill'],
} as const satisfies Partial<Record<keyof Cell, readonly unknown[]>>;

/** Trains of a page: one from its start, and one while it records. */
export const TRAINS = 2;

/** Tasks of one train. */
export const tasksOf = ({ taskMs, trainMs }: Cell): number => Math.ceil(trainMs / taskMs);

/** Gives all of the matrix so many times, each time in another random order. */
export function* cellsOf(seed: number, throttles: readonly Throttle[], times: number): Generator<Cell> {
  const chance = chanceOf(seed);
  const matrix = MATRIX.taskMs.flatMap((taskMs) =>
    MATRIX.trainMs.flatMap((trainMs) =>
      MATRIX.endpoint.flatMap((endpoint) =>
        MATRIX.end.flatMap((end) =>
          throttles.map((throttle) => ({ taskMs, trainMs, endpoint, end, throttle })),
        ),
      ),
    ),
  );
  for (let time = 0; time < times; time++) {
    const left = [...matrix];
    while (left.length)
      for (const drawn of left.splice(chance.whole(0, left.length - 1), 1))
        yield {
          ...drawn,
          yielding: chance.pick(['timeout', 'timeout', 'message', 'message', 'queued']),
          repeat: chance.pick(['page', 'page', 'browser']),
          train: chance.whole(0, TRAINS - 1),
          share: chance.next(),
          behindTold: chance.pick([0, 1, 5, 20]),
        };
  }
}

/** A cell in words. */
export const wordsOf = (cell: Cell): string => {
  const { taskMs, trainMs, endpoint, end, throttle, yielding, repeat, train, share, behindTold } = cell;
  const moment = `${Math.round(share * 100)} % into train ${train + 1}`;
  const killed = `killed ${behindTold ? `after ${behindTold} more reported events from ` : ''}`;
  return (
    `tasks of ${taskMs} ms in trains of ${trainMs / 1_000} s (${yielding}), endpoint ${endpoint}, ` +
    `CPU 1/${throttle}, once a ${repeat}, ${end === 'leave' ? 'left ' : killed}${moment}`
  );
};
