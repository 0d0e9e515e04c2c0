/** What the doctor says: what is wrong, what was seen of it, and what to change. */
import type { Observed } from './observed.js';

/** How bad a finding is, worst first. A note is nothing wrong: it says what could not be judged, or what is worth a look. */
export const SEVERITIES = ['error', 'warning', 'note'] as const;

/** One of {@link SEVERITIES}. */
export type Severity = (typeof SEVERITIES)[number];

/** One thing that is wrong. */
export interface Finding {
  /** What it is called, also as a heading of docs/doctor.md. */
  readonly id: string;
  readonly severity: Severity;
  /** What is wrong, in a sentence. */
  readonly title: string;
  /** What was seen: URLs, statuses, headers, attributes, lines of the console. */
  readonly evidence: readonly string[];
  /** What to change. */
  readonly repair: string;
}

/** Looks at what was observed, and at nothing else. */
export interface Rule {
  /** What there is to say if nothing is wrong; undefined if it could not be judged. */
  readonly fine?: (observed: Observed) => string | undefined;
  readonly find: (observed: Observed) => readonly Finding[];
}

/** Whether any of some rules finds something. */
export const anyOf =
  (...rules: readonly Rule[]) =>
  (observed: Observed): boolean =>
    rules.some((rule) => rule.find(observed).length);

/** A rule that is asked only if nothing else is known that explains what it would find. */
export const unless = (isKnown: (observed: Observed) => boolean, rule: Rule): Rule => ({
  fine: (observed) => (isKnown(observed) ? undefined : rule.fine?.(observed)),
  find: (observed) => (isKnown(observed) ? [] : rule.find(observed)),
});

/** What the doctor has found. */
export interface Report {
  /** The page, after its redirects. */
  readonly url: string;
  /** Where the page's events go, as far as that is known. */
  readonly endpoint: string;
  /** Whether a browser looked. */
  readonly isBrowserUsed: boolean;
  /** What is in order, a sentence each. */
  readonly fine: readonly string[];
  /** Worst first. */
  readonly findings: readonly Finding[];
  /** What was not looked at, and why. */
  readonly leftOut: readonly string[];
  /** How many events the page tried to report meanwhile; none of them left the browser. */
  readonly stoppedEvents: number;
}
