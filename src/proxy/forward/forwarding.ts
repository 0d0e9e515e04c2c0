/** What takes admitted events and brings them to the upstream, over either kind of intake. */
import type { Runtime } from '../../runtime.js';
import type { Alert } from '../alerts/alert.js';
import type { Observation } from '../alerts/observation.js';
import { isDurable, type Taking } from '../intake/direct/direct.js';
import type { Intake } from '../intake/intake.js';
import type { ResolvedProxyOptions } from '../resolving.js';
import type { CallEnd, OnCall } from './destination.js';
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

type ForwardedCount = Omit<Extract<Observation, { readonly kind: 'forwarded' }>, 'kind' | 'destination'>;

/** How many events of a call came to the same. */
const countForwarded = ({ events, outcomes }: CallEnd): readonly ForwardedCount[] => {
  const counts = new Map<string, ForwardedCount>();
  for (const [at, { type }] of events.entries()) {
    const { kind: outcome, code } = { code: undefined, ...(outcomes[at] ?? { kind: 'ambiguous' }) };
    const key = `${type} ${outcome} ${code}`;
    counts.set(key, { type, outcome, code, events: (counts.get(key)?.events ?? 0) + 1 });
  }
  return [...counts.values()];
};

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
    (end) => {
      const { outcome, events, outcomes, durationMs } = end;
      const isReplay = outcomes.some((one) => one.kind === 'done' && one.isReplay);
      observe({ kind: 'call', destination, outcome, isReplay, events: events.length, durationMs });
      for (const count of countForwarded(end)) observe({ kind: 'forwarded', destination, ...count });
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
