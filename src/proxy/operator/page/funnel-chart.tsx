/** The funnel as bars: one for each day, or for each week if there are too many days. */
import { scaleBand, scaleLinear } from 'd3-scale';
import type { VNode } from 'preact';
import { dayNumberOf, isoDayOf } from '../../intake/ledger.js';
import type { Funnel } from '../funnel.js';
import { countOf } from './words.js';

/** What is drawn of some days. */
export interface Bar {
  /** The first of its days. */
  readonly day: string;
  readonly viewed: number;
  readonly dismissed: number;
  readonly accepted: number;
}

/** Above so many days a bar is a week. */
const MOST_BARS = 92;
const MOST_DAYS = 800;
const WEEK = 7;

const HEIGHT = 240;
const TOP = 20;
const BOTTOM = HEIGHT - 24;
/** Beyond it a day's name would not fit behind its bar's beginning, per cent. */
const LATE = 85;

const KINDS = ['viewed', 'dismissed', 'accepted'] as const;
/** Where in its bar each kind lies, and how wide, as shares: views are what the others are a share of. */
const PLACES = { viewed: [0, 1], dismissed: [0.1, 0.35], accepted: [0.55, 0.35] } as const;

/** Sums the days of a funnel up, also those on which nothing happened. */
export const barsOf = ({
  since,
  until,
  rows,
}: Pick<Funnel, 'since' | 'until' | 'rows'>): { days: number; bars: Bar[] } => {
  const last = dayNumberOf(until);
  const first = Math.max(dayNumberOf(since), last - MOST_DAYS + 1);
  const days = last - first >= MOST_BARS ? WEEK : 1;
  const bars: { day: string; viewed: number; dismissed: number; accepted: number }[] = [];
  for (let day = first; day <= last; day += days)
    bars.push({ day: isoDayOf(day), viewed: 0, dismissed: 0, accepted: 0 });
  for (const row of rows) {
    const bar = bars[Math.floor((dayNumberOf(row.day ?? '') - first) / days)];
    if (bar) for (const kind of KINDS) bar[kind] += row[kind];
  }
  return { days, bars };
};

const Legend = (): VNode => (
  <ul class="legend">
    {KINDS.map((kind) => (
      <li key={kind}>
        <svg width="12" height="12" aria-hidden="true">
          <rect class={kind} width="12" height="12" />
        </svg>
        {kind}
      </li>
    ))}
  </ul>
);

/** The chart. The table beside it has the same figures. */
export const FunnelChart = ({ funnel }: { funnel: Pick<Funnel, 'since' | 'until' | 'rows'> }): VNode => {
  const { days, bars } = barsOf(funnel);
  const most = Math.max(
    1,
    ...bars.flatMap(({ viewed, dismissed, accepted }) => [viewed, dismissed, accepted]),
  );
  const y = scaleLinear().domain([0, most]).range([BOTTOM, TOP]).nice(4);
  const x = scaleBand(bars.keys(), [0, 100]).paddingInner(0.25);
  // Zero is where the bars stand.
  const ticks = y.ticks(4).filter((tick) => tick > 0 && Number.isInteger(tick));
  const unit = days === WEEK ? 'week' : 'day';
  const step = Math.ceil(bars.length / 5);
  return (
    <figure>
      <Legend />
      <svg
        width="100%"
        height={HEIGHT}
        role="img"
        aria-label={`Viewed, dismissed and accepted offers of each ${unit}, ${funnel.since} to ${funnel.until}; the table has the figures.`}
      >
        {ticks.map((tick) => (
          <line key={tick} class="grid" x1="0" x2="100%" y1={y(tick)} y2={y(tick)} />
        ))}
        {bars.map((bar, at) => (
          <g key={bar.day}>
            <title>
              {`${days === WEEK ? 'Week from ' : ''}${bar.day}: ${KINDS.map((kind) => `${countOf(bar[kind])} ${kind}`).join(', ')}`}
            </title>
            {KINDS.map((kind) => {
              const [from, share] = PLACES[kind];
              return (
                <rect
                  key={kind}
                  class={kind}
                  x={`${((x(at) ?? 0) + x.bandwidth() * from).toFixed(3)}%`}
                  width={`${(x.bandwidth() * share).toFixed(3)}%`}
                  y={y(bar[kind])}
                  height={BOTTOM - y(bar[kind])}
                />
              );
            })}
          </g>
        ))}
        {ticks.map((tick) => (
          <text key={tick} x="0" y={y(tick) - 4}>
            {countOf(tick)}
          </text>
        ))}
        {bars.map(({ day }, at) => {
          const place = x(at) ?? 0;
          const isLate = place > LATE;
          return (
            at % step === 0 && (
              <text
                key={day}
                x={`${(isLate ? place + x.bandwidth() : place).toFixed(3)}%`}
                y={HEIGHT - 6}
                text-anchor={isLate ? 'end' : 'start'}
              >
                {days === WEEK ? day.slice(0, 7) : day.slice(5)}
              </text>
            )
          );
        })}
      </svg>
      {days === WEEK && <figcaption>A bar is a week, the last one maybe a shorter one.</figcaption>}
    </figure>
  );
};
