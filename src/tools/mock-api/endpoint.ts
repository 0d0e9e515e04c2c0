import type { Answer } from './errors.js';
import type { Site } from './site.js';

/** A call that passed every check and waits to take effect. */
export interface Job {
  /** Two calls with the same key and the same fingerprint are the same call. */
  readonly fingerprint: string;
  /** Takes effect and answers. */
  readonly run: (key: string | null) => Answer;
  /** The stored answer goes out again. */
  readonly onReplay?: (key: string) => void;
}

/** A refused call has its answer already. */
export type Prepared = { readonly refusal: Answer } | { readonly job: Job };

/** One operation of the API: checks what came, without any effect yet. */
export type Endpoint = (site: Site, body: unknown, id: string | null) => Prepared;

/** A refusal by that answer. */
export function refuse(refusal: Answer): Prepared {
  return { refusal };
}
