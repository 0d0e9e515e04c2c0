/** Which days and groups the funnel is of. */
import { Fragment, type VNode } from 'preact';
import { isoDayOf } from '../../intake/ledger.js';

/** What the view is asked for. */
export interface Asked {
  readonly by: 'day' | 'group';
  readonly group?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** What can be chosen. */
export interface FilterProps {
  readonly asked: Asked;
  /** As they are shown. */
  readonly since: string;
  readonly until: string;
  readonly groups: readonly string[];
}

/** The form. */
export const Filter = ({ asked, since, until, groups }: FilterProps): VNode => (
  <form method="get" action="funnel" class="filter">
    <label>
      From
      <input type="date" name="since" value={since} required />
    </label>
    <label>
      To
      <input type="date" name="until" value={until} required />
    </label>
    <label>
      Group
      <select name="group">
        <option value="">all groups</option>
        {groups.map((name) => (
          <option key={name} value={name} selected={name === asked.group}>
            {name}
          </option>
        ))}
      </select>
    </label>
    <label>
      By
      <select name="by">
        <option value="day">day</option>
        <option value="group" selected={asked.by === 'group'}>
          group
        </option>
      </select>
    </label>
    <button type="submit">Show</button>
  </form>
);

/** So many days, today among them. */
const SPANS = [
  ['today', 1],
  ['7 days', 7],
  ['30 days', 30],
  ['a year', 365],
] as const;

/** Links to the last days; the days of the view's end are those of the proxy. */
export const Spans = ({ asked, today }: { asked: Asked; today: number }): VNode => (
  <p>
    {SPANS.map(([words, days], at) => (
      <Fragment key={words}>
        {at > 0 && ' · '}
        <a
          href={`funnel?${new URLSearchParams({
            since: isoDayOf(today - days + 1),
            until: isoDayOf(today),
            by: asked.by,
            ...(asked.group !== undefined && { group: asked.group }),
          })}`}
        >
          {words}
        </a>
      </Fragment>
    ))}
  </p>
);
