/**
 * The second load: composes what a page needs soon, but not first. Marked and inferred closing, the leasing side
 * of the outbox, delivery, and memory where storage is blocked.
 */
import { OffersightError } from '../errors.js';
import { platformLock } from '../locks.js';
import type { OfferEvent } from '../protocol/event.js';
import { decodeReply } from '../protocol/reply.js';
import type { Runtime } from '../runtime.js';
import { createDecisions } from './decisions.js';
import { createFlusher, type Flusher } from './delivery/flusher.js';
import { createTransport } from './delivery/transport.js';
import { createClosing } from './detect/closing.js';
import { createControls, type DecisionListener } from './detect/controls.js';
import type { ExposureWatch } from './detect/exposure.js';
import type { Registry } from './detect/registry.js';
import type { ResolvedOptions } from './options.js';
import { createLeasing, type DiscardReason, type OutboxStats } from './outbox/leasing.js';
import { withMemoryFallback } from './outbox/memory.js';
import type { KeepaliveBytes, Outbox } from './outbox/outbox.js';
import { applyVerdicts } from './outbox/verdicts.js';
import type { Page } from './page.js';
import type { Recorder } from './tracker.js';

/** What the first load hands over. */
export interface LaterContext {
  readonly options: ResolvedOptions;
  readonly runtime: Runtime;
  readonly page: Page;
  readonly registry: Registry;
  readonly exposure: Pick<ExposureWatch, 'recheck'>;
  readonly outbox: Outbox;
  readonly keepalive: KeepaliveBytes;
  readonly recorder: Recorder;
  readonly report: (error: OffersightError) => void;
}

/** What the second load gives. */
export interface Later extends Flusher, DecisionListener {
  /** What a farewell came to, if the page lives on. Reads the reply to its end. */
  settleFarewell(events: readonly OfferEvent[], response: Response): Promise<void>;
  /** An element names an offer that cannot be one. */
  onInvalid(offerId: string): void;
  stats(): Promise<{ outbox: OutboxStats; discarded: Partial<Record<DiscardReason, number>> }>;
}

/**
 * Starts everything that came with the second load, once it is known what earlier pages saw accepted: until then no
 * dismissal may be recorded.
 */
export const createLater = async (context: LaterContext): Promise<Later> => {
  const { options, runtime, page, registry, exposure, outbox, keepalive, recorder, report } = context;
  const discarded: Partial<Record<DiscardReason, number>> = {};
  outbox.records = withMemoryFallback(outbox.records, (cause) => {
    report(new OffersightError('storage', 'Allow IndexedDB; events die with the page.', cause));
  });
  const leasing = createLeasing(outbox, runtime, options.outbox ?? {}, (event, reason, code) => {
    discarded[reason] = (discarded[reason] ?? 0) + 1;
    recorder.call(() => options.onDiscard?.(event, reason, code));
  });
  const onInvalid = (offerId: string): void =>
    report(new OffersightError('configuration', `No offer id: ${String(offerId).slice(0, 60)}`));
  const marks = await leasing.marks();
  const accepted = marks.filter(({ type }) => type === 'accepted').map(({ offerId }) => offerId);
  const decisions = createDecisions(recorder, leasing, new Set(accepted), onInvalid);
  const transport = createTransport(options.endpoint, runtime, keepalive);
  const flusher = createFlusher(
    outbox,
    leasing,
    transport,
    runtime,
    platformLock,
    options.name,
    options.delivery ?? {},
    report,
  );
  const stops = [
    createControls(registry, page, decisions),
    createClosing(registry, page, runtime, options.dismissal ?? {}, decisions),
    page.listen((change) => {
      if (change === 'visible') flusher.wake();
      if (change === 'online') void flusher.hurry();
    }),
    flusher.stop,
    // What was transparent may be seen once it has faded in.
    page.capture(['transitionend', 'animationend'], exposure.recheck),
  ];
  // A page that loads shows that there is a network.
  void flusher.hurry();
  return {
    ...flusher,
    ...decisions,
    async settleFarewell(events, response) {
      const verdicts = decodeReply(await response.text());
      if (response.status === 200 && verdicts) await applyVerdicts(leasing, events, verdicts, runtime.now());
    },
    onInvalid,
    stats: async () => ({ outbox: await leasing.stats(), discarded: { ...discarded } }),
    stop() {
      for (const stop of stops) stop();
    },
  };
};
