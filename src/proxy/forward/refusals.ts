/** Notices when the upstream refuses most events by name: a mistake in the pages, which no retry repairs. */
import type { Runtime } from '../../runtime.js';
import type { Raised } from '../telling/alert.js';
import type { Outcome } from './destination.js';

/** The latest outcomes of one forwarder. */
export interface Refusals {
  /** Takes in what became of one event. */
  hear(outcome: Outcome): void;
  /** What an operator has to know while most are refused. */
  alert(): Raised | undefined;
}

/** So many of the latest outcomes are looked at. */
const LATEST = 20;
/** Fewer refusals than this may be a few old offers. */
const LEAST = 5;
/** What is older than this says nothing of now. */
const HOUR_MS = 3_600_000;

const REASONS: ReadonlyMap<string, string> = new Map([
  [
    'resource_not_found',
    "it knows no such offer. Check that pages name the personalized offer's id, not its offer_id, and that the key is of the same site.",
  ],
]);
const ANY_REASON = 'check what the pages send as an offer’s id.';

/** Makes the memory of outcomes. */
export const createRefusals = (runtime: Pick<Runtime, 'elapsed'>): Refusals => {
  const latest: { readonly at: number; readonly code: string | undefined }[] = [];
  return {
    hear({ kind, ...outcome }) {
      if (kind !== 'done' && kind !== 'refused') return;
      latest.push({ at: runtime.elapsed(), code: 'code' in outcome ? outcome.code : undefined });
      if (latest.length > LATEST) latest.shift();
    },
    alert() {
      const since = runtime.elapsed() - HOUR_MS;
      const recent = latest.filter(({ at }) => at >= since);
      const codes = recent.flatMap(({ code }) => code ?? []);
      const [code] = codes.slice(-1);
      if (code === undefined || codes.length < LEAST || codes.length * 2 <= recent.length) return undefined;
      return ['mostRefused', { code, reason: REASONS.get(code) ?? ANY_REASON }];
    },
  };
};
