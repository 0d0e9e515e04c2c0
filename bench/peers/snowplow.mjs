// Snowplow's tracker in a page of a bench, set to count what we count: each offer once, after half of it was visible
// for a second.
import { filesOf, SNOWPLOW } from './published.mjs';

/** The measured page hears this event for each offer that counted. */
const COUNTED = 'snowplow:counted';

const START = `snowplowBrowserTracking.newTracker('bench', location.origin, {
  plugins: [
    snowplowElementTracking.SnowplowElementTrackingPlugin(),
    { afterTrack: () => document.dispatchEvent(new Event('${COUNTED}')) },
  ],
});
snowplowElementTracking.startElementTracking({
  elements: {
    selector: '[data-offer-id]',
    expose: { when: 'element', minPercentage: 0.5, minTimeMillis: 1000 },
  },
});`;

/** One script of everything. */
export const snowplowScript = () => [...filesOf(SNOWPLOW), START].join('\n;');
