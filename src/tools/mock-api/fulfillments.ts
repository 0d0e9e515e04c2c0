import { createHash } from 'node:crypto';
import { type ProcessingType, shortId } from './catalogue.js';

const MAX_FULFILLMENTS = 10_000;

/** An accepted offer on its way. Times are epoch seconds, as the API has them. */
export interface Fulfillment {
  readonly id: string;
  readonly personalized_offer_id: string;
  readonly option_id: string;
  readonly processing_type: ProcessingType;
  readonly status: 'in_progress' | 'completed' | 'failed';
  readonly redirect_url?: string;
  readonly created_at: number;
  readonly completed_at?: number;
  readonly failed_at?: number;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The accepted offers by id. */
export class Fulfillments {
  readonly #byId = new Map<string, Fulfillment>();
  #made = 0;

  nextId(): string {
    this.#made += 1;
    return shortId(createHash('sha256').update(`fulfillment ${this.#made}`).digest());
  }

  find(id: string | null): Fulfillment | undefined {
    return id === null ? undefined : this.#byId.get(id);
  }

  put(fulfillment: Fulfillment): void {
    this.#byId.set(fulfillment.id, fulfillment);
    const [oldest] = this.#byId.keys();
    if (this.#byId.size > MAX_FULFILLMENTS && oldest !== undefined) this.#byId.delete(oldest);
  }

  clear(): void {
    this.#byId.clear();
    this.#made = 0;
  }
}
