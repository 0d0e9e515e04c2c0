import type { Answer } from './errors.js';

const MAX_KEYS = 100_000;

/** `honour`: a repeat within the window has no new effect. `ignore`: keys are read and disregarded. */
export interface Idempotency {
  /** Whether a key that is known is answered again (`honour`), or counts as if it were new (`ignore`). */
  readonly mode: 'honour' | 'ignore';
  /** How long a key is known, milliseconds. */
  readonly window_ms: number;
}

/** The documented behaviour. */
export const DEFAULT_IDEMPOTENCY: Idempotency = { mode: 'honour', window_ms: 30 * 60_000 };

/** The longest key that is taken. */
export const MAX_KEY_LENGTH = 100;

/** What a key means for the call that brings it. */
export type Claim =
  | { readonly kind: 'new'; readonly settle: (answer: Answer) => void; readonly release: () => void }
  | { readonly kind: 'replay'; readonly answer: Answer }
  | { readonly kind: 'busy' }
  | { readonly kind: 'mismatch' };

interface Entry {
  readonly at: number;
  readonly fingerprint: string;
  answer: Answer | null;
}

/** Remembers answers by key. A key belongs to one path: the same key elsewhere is another one. */
export class Keys {
  #settings: Idempotency;
  readonly #entries = new Map<string, Entry>();

  constructor(settings: Idempotency) {
    this.#settings = settings;
  }

  get settings(): Idempotency {
    return this.#settings;
  }

  get size(): number {
    return this.#entries.size;
  }

  set(settings: Idempotency): void {
    this.#settings = settings;
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Puts back an answer given before a restart. */
  restore(path: string, key: string, entry: { fingerprint: string; at: number; answer: Answer }): void {
    this.#entries.set(`${path} ${key}`, { ...entry });
  }

  claim(path: string, key: string, fingerprint: string, now: number): Claim {
    this.#forget(now);
    const name = `${path} ${key}`;
    const known = this.#entries.get(name);
    if (known !== undefined && (known.answer === null || now - known.at < this.#settings.window_ms)) {
      if (known.fingerprint !== fingerprint) return { kind: 'mismatch' };
      return known.answer === null ? { kind: 'busy' } : { kind: 'replay', answer: known.answer };
    }
    const entry: Entry = { at: now, fingerprint, answer: null };
    // Delete first: Map keeps the place of an existing key, and `#forget` relies on the order of age.
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    const release = () => {
      if (this.#entries.get(name) === entry) this.#entries.delete(name);
    };
    const settle = (answer: Answer) => {
      entry.answer = answer;
    };
    return { kind: 'new', settle, release };
  }

  #forget(now: number): void {
    for (const [name, entry] of this.#entries) {
      const isExpired = entry.answer !== null && now - entry.at >= this.#settings.window_ms;
      if (!isExpired && this.#entries.size < MAX_KEYS) return;
      this.#entries.delete(name);
    }
  }
}
