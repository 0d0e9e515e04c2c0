/** What takes admitted events and brings them to the upstream, over either kind of intake. */
import type { Runtime } from '../../runtime.js';
import type { Taking } from '../intake/direct/direct.js';
import { isDurable } from '../intake/durable.js';
import type { ResolvedProxyOptions } from '../resolving.js';
import { type OnAlert, quietly } from '../telling/alert.js';
import type { Observation } from '../telling/observation.js';
import type { OnCall } from './destination.js';
import { createForwarder, type Forwarder } from './forwarder.js';
import { offerEvents } from './offer-events.js';
import { usageEvents } from './usage-events.js';

/** Takes events, and has them forwarded. */
export interface Forwarding extends Taking {
  /** Whether events wait here for the upstream, rather than in pages. */
  readonly isDurable: boolean;
}

const USAGE_PACE = { perMinute: 10_000, concurrent: 2 };

/**
 * Starts forwarding, with a durable intake at once, with what an earlier process left.
 * @throws {OffersightError} `configuration` if the intake keeps another site's events.
 */
export const startForwarding = (
  { site, apiKey, intake, pace, usage, baseUrl, usageBaseUrl, constants }: ResolvedProxyOptions,
  runtime: Runtime,
  onAlert: OnAlert,
  observe: (observation: Observation) => void,
): Forwarding => {
  const onCall =
    (destination: 'offer_events' | 'usage_events'): OnCall =>
    (outcome, events, durationMs) =>
      observe({ kind: 'call', destination, outcome, events, durationMs });
  const offers = offerEvents({ baseUrl, apiKey }, runtime, constants);
  if (!isDurable(intake)) {
    const alert = quietly(onAlert, runtime);
    const context = { destination: offers, runtime, pace, alert, onCall: onCall('offer_events') };
    return { ...intake.start(context), isDurable: false };
  }
  intake.claim(site);
  const forwarders: Forwarder[] = [
    createForwarder(intake, offers, runtime, pace, onAlert, onCall('offer_events')),
  ];
  if (usage) {
    const destination = usageEvents({ baseUrl: usageBaseUrl, apiKey }, runtime);
    const usagePace = { ...USAGE_PACE, ...usage.pace };
    forwarders.push(
      createForwarder(intake.usage, destination, runtime, usagePace, onAlert, onCall('usage_events')),
    );
  }
  return {
    isDurable: true,
    async take(events) {
      const verdicts = await intake.take(events);
      for (const forwarder of forwarders) forwarder.wake();
      return verdicts;
    },
    knows: (events) => intake.knows(events),
    async close() {
      try {
        await Promise.all(forwarders.map((forwarder) => forwarder.close()));
      } finally {
        await intake.close();
      }
    },
  };
};
