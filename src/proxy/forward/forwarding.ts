/** What takes admitted events and brings them to the upstream, over either kind of intake. */
import type { Runtime } from '../../runtime.js';
import type { Alert } from '../alerts/alert.js';
import type { Observation } from '../alerts/observation.js';
import { isDurable, type Taking } from '../intake/direct/direct.js';
import type { Intake } from '../intake/intake.js';
import type { ResolvedProxyOptions } from '../resolving.js';
import { counted } from '../results.js';
import type { OnCall, Outcome } from './destination.js';
import { createForwarder } from './forwarder.js';
import { offerEvents } from './offer-events.js';
import { usageEvents } from './usage-events.js';

/** Takes events, and has them forwarded. */
export interface Forwarding extends Taking {
  /** Whether events wait here for the upstream, rather than in pages. */
  readonly isDurable: boolean;
  /** Counts what the billing system reported; undefined if nothing remembers it. */
  readonly accept: Intake['accept'] | undefined;
  /** The secret that the names of reported events are hashed with. */
  nameKey(): Promise<string>;
}

/**
 * Starts forwarding, with a durable intake at once, with what an earlier process left.
 * @throws {OffersightError} `configuration` if the intake keeps another site's events.
 */
export const startForwarding = (
  { site, apiKey, intake, pace, usage, baseUrl, usageBaseUrl, constants, groups }: ResolvedProxyOptions,
  runtime: Runtime,
  alert: Alert,
  observe: (observation: Observation) => void,
): Forwarding => {
  const onCall =
    (destination: 'offer_events' | 'usage_events'): OnCall =>
    ({ outcome, events, outcomes, durationMs }) => {
      const isReplay = outcomes.some((one) => one.kind === 'done' && one.isReplay);
      observe({ kind: 'call', destination, outcome, isReplay, events: events.length, durationMs });
      const ends = events.map(({ type }, at) => {
        const { kind: outcome, code } = { code: undefined, ...(outcomes[at] as Outcome) };
        return { type, outcome, code };
      });
      for (const count of counted(ends)) observe({ kind: 'forwarded', destination, ...count });
    };
  const destination = offerEvents({ baseUrl, apiKey }, runtime, constants);
  const context = { destination, runtime, pace, alert, onCall: onCall('offer_events') };
  if (!isDurable(intake))
    return {
      ...intake.start(context),
      ...{ isDurable: false, accept: undefined, nameKey: async () => apiKey },
    };
  intake.claim(site, { groups, onAlert: alert });
  const forwarders = [createForwarder(intake, context)];
  if (usage) {
    const destination = usageEvents({ baseUrl: usageBaseUrl, apiKey }, runtime, constants);
    const own = { destination, pace: usage.pace, onCall: onCall('usage_events') };
    forwarders.push(createForwarder(intake.usage, { ...context, ...own }));
  }
  return {
    isDurable: true,
    accept: (events) => intake.accept(events),
    nameKey: () => intake.nameKey(),
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
