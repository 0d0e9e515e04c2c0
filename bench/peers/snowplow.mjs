// Snowplow's tracker in a page of a bench, set to count what we count: each offer once, after half of it was visible
// for a second.
import { filesOf, SNOWPLOW } from './published.mjs';

/** @param {string} counted */
const startOf = (counted) => `snowplowBrowserTracking.newTracker('bench', location.origin, {
  plugins: [
    snowplowElementTracking.SnowplowElementTrackingPlugin(),
    { afterTrack: () => document.dispatchEvent(new Event('${counted}')) },
  ],
});
snowplowElementTracking.startElementTracking({
  elements: {
    selector: '[data-offer-id]',
    expose: { when: 'element', minPercentage: 0.5, minTimeMillis: 1000 },
  },
});`;

/**
 * One script of everything.
 * @param {string} counted The type of the event that the document gets for each offer that counts.
 */
export const snowplowScript = (counted) => [...filesOf(SNOWPLOW), startOf(counted)].join('\n;');
