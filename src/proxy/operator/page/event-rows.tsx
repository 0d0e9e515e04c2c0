/** Events as rows of a table: on the server, and in the browser where they come by themselves. */
import type { VNode } from 'preact';
import type { IntakeRow } from '../../intake/admitted.js';
import { stateOf, timeOf } from './words.js';

/** What is shown of an event. */
export type ShownEvent = Pick<
  IntakeRow,
  'id' | 'type' | 'offerId' | 'state' | 'code' | 'receivedAt' | 'group' | 'reason'
>;

/** The columns of {@link EventRow}. */
export const EVENT_COLUMNS = ['Taken (UTC)', 'Event', 'Offer', 'Group', 'State'] as const;

/** One event. */
export const EventRow = ({ event, lane }: { event: ShownEvent; lane?: string }): VNode => {
  const { id, type, offerId, receivedAt, group = '', reason, state } = event;
  const linkTo = (fields: Readonly<Record<string, string>>): string =>
    `events?${new URLSearchParams({ ...fields, ...(lane !== undefined && { lane }) })}`;
  return (
    <tr>
      <th scope="row" class="id">
        <a href={linkTo({ find: id })}>{timeOf(receivedAt)}</a>
      </th>
      <td>{reason === undefined ? type : `${type}: ${reason}`}</td>
      <td class="id">
        <a href={linkTo({ find: offerId })}>{offerId}</a>
      </td>
      <td>{group}</td>
      <td>
        <span class={`state ${state}`}>{stateOf(event)}</span>
      </td>
    </tr>
  );
};
