/** What an operator reads first: the alerts that stand, and what the proxy itself did not take. */

import { type DoorReport, type LaneStatus, REPORT_DAYS } from '../intake/intake.js';

/** The door's report in words. */
export interface DoorWords {
  /** What there is to do, and when it was last seen, epoch milliseconds. */
  readonly alerts: DoorReport['alerts'];
  /** A sentence for each kind of what was not taken. */
  readonly rejected: readonly string[];
}

const sentenceOf = (counts: DoorReport['requests'], one: string, many: string, verb: string): string[] => {
  const codes = Object.entries(counts).sort(([, few], [, most]) => most - few);
  const sum = codes.reduce((total, [, times]) => total + times, 0);
  const named = codes.map(([code, times]) => `${code} ${times}`).join(', ');
  return sum
    ? [`In the last ${REPORT_DAYS} days this proxy ${verb} ${sum} ${sum === 1 ? one : many}: ${named}.`]
    : [];
};

/** Says what was not taken. An intake that keeps no report has nothing to say. */
export const inWords = ({ alerts, requests, refused }: DoorReport): DoorWords => ({
  alerts,
  rejected: [
    ...sentenceOf(refused, 'event', 'events', 'refused'),
    ...sentenceOf(requests, 'request', 'requests', 'rejected'),
  ],
});

/** What stands first in every text for operators: the alerts of lanes and door, and what the proxy itself did not take. */
export const firstLines = (
  lanes: readonly LaneStatus[],
  door: DoorReport = { alerts: [], requests: {}, refused: {} },
): string[] => {
  const { alerts, rejected } = inWords(door);
  return [
    ...lanes.flatMap(({ note }) => (note.alert === undefined ? [] : [`ALERT ${note.alert}`])),
    ...alerts.map(
      ({ message, lastAt }) =>
        `ALERT ${message} (last seen ${new Date(lastAt).toISOString().slice(0, 16).replace('T', ' ')} UTC)`,
    ),
    ...rejected,
  ];
};
