import { Journal } from './journal.js';

const MAX_CALLS = 100_000;

/** The status sent, or how else the call ended: `open` still runs, `aborted` means the client left while sending. */
export type CallStatus = number | 'open' | 'reset' | 'hung' | 'aborted';

/** One API call that reached the upstream, with any outcome. */
export interface Call {
  /** When its head arrived, epoch milliseconds. */
  readonly at: number;
  /** When its end was decided: just before the answer's first byte, or at the reset; null while it runs or hangs. */
  readonly ended_at: number | null;
  /** The HTTP method. */
  readonly method: string;
  /** The path, without its query. */
  readonly path: string;
  /** The Host header: which site the client meant. */
  readonly host: string;
  /** How it was answered, or how it ended without an answer. */
  readonly status: CallStatus;
  /** The idempotency key, null when none was sent. */
  readonly key: string | null;
  /** The offer in its body, null if there is none. */
  readonly personalized_offer_id: string | null;
  /** The type in its body, null if there is none. */
  readonly type: string | null;
  /** The error code that it was answered with, if any. */
  readonly code: string | null;
  /** Whether it had its effect, regardless of the answer that its client saw. */
  readonly recorded: boolean;
  /** The kind of fault that hit it, if any. */
  readonly fault: string | null;
  /** The other `chargebee-*` request headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A call while it runs. */
export type OpenCall = { -readonly [Name in keyof Call]: Call[Name] };

/** Every API call in the order of arrival. */
export class Calls {
  readonly #calls = new Journal<OpenCall>(MAX_CALLS);

  get length(): number {
    return this.#calls.length;
  }

  get dropped(): number {
    return this.#calls.dropped;
  }

  open(call: OpenCall): OpenCall {
    this.#calls.push(call);
    return call;
  }

  list(): Call[] {
    return this.#calls.list();
  }

  clear(): void {
    this.#calls.clear();
  }
}
