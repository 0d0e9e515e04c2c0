/** What the columns of the funnel mean, for who reads them for the first time. */
import type { VNode } from 'preact';

const MEANINGS = [
  ['Viewed', 'Offers that were really displayed, by default half of them for a second.'],
  ['Dismissed', 'Offers that were closed or, if the page asks for it, ignored.'],
  ['Accepted', 'Offers that were accepted, as far as your server reports it.'],
  ['Delivered', 'Viewed and dismissed events that Chargebee has.'],
  ['Waiting', 'Events that the proxy has and Chargebee does not have yet.'],
  [
    'Refused by Chargebee',
    'Events that Chargebee refused; they are dead letters. What this proxy refused is in no column.',
  ],
  [
    'Given up',
    'Events that waited for too long or whose outcome stayed unknown, and dismissals whose view was refused; dead letters.',
  ],
  ['Purged', 'Events that an operator gave up.'],
] as const;

/** A list of them, which is folded. */
export const Meanings = (): VNode => (
  <details>
    <summary>What the columns mean</summary>
    <dl class="facts">
      {MEANINGS.map(([title, words]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{words}</dd>
        </div>
      ))}
    </dl>
    <p class="hint">
      These are events, not people. An event belongs to the UTC day on which the proxy took it. A rate is a
      share of the viewed offers.
    </p>
  </details>
);
