/** What the proxy reports for metrics: numbers and codes, never an id, an address or a key. */
import type { Verdict } from '../../protocol/batch.js';
import type { OfferEventType } from '../../protocol/event.js';
import type { ProblemCode } from '../door/exchange.js';
import type { Outcome } from '../forward/destination.js';
import type { AlertCode } from './table.js';

/** Something that happened at the proxy. */
export type Observation =
  /** A request was answered. */
  | {
      readonly kind: 'request';
      /** The answer's status. */
      readonly status: number;
      /** Why it was not admitted. */
      readonly code: ProblemCode | undefined;
      /** From its arrival to its answer. */
      readonly durationMs: number;
    }
  /** Events of one request had the same verdict. */
  | {
      readonly kind: 'verdict';
      /** Their verdict. */
      readonly verdict: Verdict['kind'];
      /** Why, unless they were taken. */
      readonly code: string | undefined;
      /** What happened to the offers; undefined if the event did not say it in a way that this proxy knows. */
      readonly type: OfferEventType | 'accepted' | undefined;
      /** How many they were. */
      readonly events: number;
    }
  /** A call of the upstream ended. */
  | {
      readonly kind: 'call';
      /** Which of the upstream's two resources it was. */
      readonly destination: 'offer_events' | 'usage_events';
      /** How it ended. */
      readonly outcome: Outcome['kind'];
      /** Whether Chargebee had taken it before, and knew that by its idempotency key. */
      readonly isReplay: boolean;
      /** How many events it carried. */
      readonly events: number;
      /** From its beginning to its end. */
      readonly durationMs: number;
    }
  /** Events of one call came to the same. */
  | {
      readonly kind: 'forwarded';
      /** Which of the upstream's two resources was called. */
      readonly destination: 'offer_events' | 'usage_events';
      /** What happened to the offers. */
      readonly type: OfferEventType;
      /** What the call came to for them: `done` is delivered, `refused` a dead letter, everything else is retried. */
      readonly outcome: Outcome['kind'];
      /** Why they were refused, in the upstream's own word. */
      readonly code: string | undefined;
      /** How many they were. */
      readonly events: number;
    }
  /** The condition of an alert was seen. Its message is left out if the same one was reported not long ago. */
  | {
      readonly kind: 'alert';
      /** Which alert it is. */
      readonly code: AlertCode;
    };

/** Called for everything that happens; what it throws is an alert. */
export type OnObservation = (observation: Observation) => void;
