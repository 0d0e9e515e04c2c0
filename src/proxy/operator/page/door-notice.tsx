/** The alerts that stand, and what the proxy itself did not take: first on a view whose figures do not have it. */
import type { VNode } from 'preact';
import type { DoorReport } from '../../intake/intake.js';
import { inWords } from '../door-lines.js';
import { durationOf } from './words.js';

/** Something that an operator has to do. */
export const Alert = ({ children }: { children: VNode | string }): VNode => (
  <div class="alert">
    <h3>There is something to do</h3>
    <p>{children}</p>
  </div>
);

/** What the notice tells. */
interface DoorNoticeProps {
  readonly door: DoorReport;
  /** What is to be done for the lanes, where nothing else on the view says it. */
  readonly laneAlerts?: readonly string[];
  readonly now: number;
}

/** Nothing, if all is well. */
export const DoorNotice = ({ door, laneAlerts = [], now }: DoorNoticeProps): VNode | null => {
  const { alerts, rejected } = inWords(door);
  if (!laneAlerts.length && !alerts.length && !rejected.length) return null;
  return (
    <section>
      {laneAlerts.map((message) => (
        <Alert key={message}>{message}</Alert>
      ))}
      {alerts.map(({ code, message, lastAt }) => (
        <Alert key={code}>{`${message} (Last seen ${durationOf(now - lastAt)} ago.)`}</Alert>
      ))}
      {rejected.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </section>
  );
};
