/** What the page's own code learns of events as they are stored or given up: callbacks, the data layer, and figures. */
import type { OfferEvent } from '../../protocol/event.js';
import type { Inside } from '../inside.js';
import type { TrackerStats } from '../offer-tracker.js';
import type { ResolvedOptions } from '../options.js';
import { createDataLayer } from './data-layer.js';
import type { DiscardReason, OnDiscard } from './outbox/giving-up.js';

/** What learns it. */
export interface ReportsContext {
  readonly options: Pick<ResolvedOptions, 'dataLayer'>;
  /** The page's own options, and who else listens. */
  readonly listeners: Inside['listeners'];
  /** Runs a host's callback safely. */
  readonly call: (callback: () => unknown) => void;
}

/** Reports. */
export interface Reports extends Required<Pick<TrackerStats, 'discarded'>> {
  /** An event is recorded, or is only in memory. */
  onRecorded(event: OfferEvent, isDurable: boolean): void;
  readonly onDiscard: OnDiscard;
}

/** Makes them. */
export const createReports = ({ options, listeners, call }: ReportsContext): Reports => {
  const tellDataLayer = createDataLayer(options.dataLayer);
  const discarded: Partial<Record<DiscardReason, number>> = {};
  return {
    discarded,
    onRecorded(event, isDurable) {
      for (const listener of listeners) call(() => listener.onEvent?.(event, isDurable));
      call(() => tellDataLayer(event, isDurable));
    },
    onDiscard(event, reason, code) {
      discarded[reason] = (discarded[reason] ?? 0) + 1;
      if (event) for (const listener of listeners) call(() => listener.onDiscard?.(event, reason, code));
    },
  };
};
