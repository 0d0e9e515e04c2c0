import { EventEmitter, setMaxListeners } from 'node:events';
import { platformRuntime } from '../../runtime.js';
import { type Call, Calls } from './calls.js';
import { type Fault, Faults } from './faults.js';
import { Fulfillments } from './fulfillments.js';
import { History, type HistoryRow } from './history.js';
import { DEFAULT_IDEMPOTENCY, type Idempotency, Keys } from './idempotency.js';
import { Gate, type Limits } from './limits.js';
import { type OfferSettings, Offers } from './offers.js';
import { eventFingerprint, OFFER_EVENTS_PATH, RECORDED } from './recorded.js';
import { Usage, type UsageSettings } from './usage.js';

/** What the site may use. What a live site answers before offer events are enabled is not documented. */
export interface Enabled {
  /**
   * Whether offer events are taken, or how they are refused: by the error code that live sites gave for other operations,
   * both with 400, or by a status.
   */
  readonly offer_events: 'ok' | 'api_restricted' | 'feature_not_enabled' | '403' | '404';
}

/** All settings and counts, as `GET /state` gives them. */
export interface State {
  /** The site's name. */
  readonly site: string;
  /** How many calls are allowed. */
  readonly limits: Limits;
  /** How idempotency keys are treated, and how many are known. */
  readonly idempotency: Idempotency & {
    /** Keys that are known now. */
    readonly keys: number;
  };
  /** How offers are made and checked, and how many were handed out. */
  readonly offers: OfferSettings & {
    /** Offers that were handed out and are remembered. */
    readonly handed_out: number;
  };
  /** How usage events fail. */
  readonly usage: UsageSettings;
  /** What the site may use. */
  readonly enabled: Enabled;
  /** What is broken, with what is left of it. */
  readonly faults: readonly Fault[];
  /** Calls that run now. */
  readonly in_flight: number;
  /** How many rows each list holds; `dropped` were forgotten because a list was full. */
  readonly counts: {
    /** Offer events taken. */
    readonly history: number;
    /** Calls that arrived. */
    readonly calls: number;
    /** Usage events taken. */
    readonly usage: number;
    /** Rows that were forgotten. */
    readonly dropped: number;
  };
}

/** What a site is made with. */
export interface SiteOptions {
  readonly name: string;
  /** Whether a host that names another site is refused. */
  readonly isHostChecked: boolean;
  readonly apiKey: string;
  readonly limits: Limits;
  readonly offers?: Partial<OfferSettings> | undefined;
  readonly historyFile: string | null;
  readonly now: () => number;
  /** Called for each call when it ends. */
  readonly onCall?: ((call: Call) => void) | undefined;
}

/** One site of the vendor: everything that it knows. It never sees HTTP. */
export class Site {
  readonly name: string;
  readonly isHostChecked: boolean;
  readonly apiKey: string;
  readonly now: () => number;
  readonly gate: Gate;
  readonly keys = new Keys(DEFAULT_IDEMPOTENCY);
  readonly faults = new Faults();
  readonly history: History;
  readonly calls = new Calls();
  readonly usage = new Usage();
  readonly offers: Offers;
  readonly fulfillments = new Fulfillments();
  enabled: Enabled = { offer_events: 'ok' };
  readonly #startLimits: Limits;
  readonly #onCall: ((call: Call) => void) | undefined;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #life = newLife();

  constructor(options: SiteOptions) {
    this.name = options.name;
    this.isHostChecked = options.isHostChecked;
    this.apiKey = options.apiKey;
    this.now = options.now;
    this.#startLimits = options.limits;
    this.#onCall = options.onCall;
    this.gate = new Gate(options.limits);
    this.offers = new Offers(options.offers);
    this.history = new History(options.historyFile);
    // A real site does not forget its keys when one of its machines restarts.
    for (const row of this.history.list()) {
      if (row.key === null || row.replayed) continue;
      const entry = { fingerprint: eventFingerprint(row), at: row.at, answer: RECORDED };
      this.keys.restore(OFFER_EVENTS_PATH, row.key, entry);
    }
  }

  /** Aborted by reset and close: calls that wait end without effect. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  record(row: HistoryRow): void {
    this.history.append(row);
    this.changed();
  }

  /** A call ended. */
  ended(call: Call): void {
    // A program that watches must not spoil the call's answer, nor end the process.
    new Promise((resolve) => resolve(this.#onCall?.({ ...call }))).catch((cause: unknown) => {
      console.error('onCall threw:', cause);
    });
    this.changed();
  }

  /** Wakes those who wait, since a call came, goes on or ended, or a row came. */
  changed(): void {
    this.#changes.emit('change');
  }

  /** Resolves as soon as the condition holds; looked at after every change. */
  async until(holds: () => boolean, timeoutMs: number): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => {
        stopTimer();
        this.#changes.off('change', look);
        settle();
      };
      const look = () => {
        if (holds()) end(resolve);
      };
      const stopTimer = platformRuntime().after(timeoutMs, () =>
        end(() => reject(new Error(`not so within ${timeoutMs} ms`))),
      );
      this.#changes.on('change', look);
    });
  }

  /** As just started; with a file, its rows are gone too. */
  reset(): void {
    this.endLife();
    this.#life = newLife();
    this.history.clear();
    this.calls.clear();
    this.keys.clear();
    this.keys.set(DEFAULT_IDEMPOTENCY);
    this.faults.clear();
    this.usage.clear();
    this.offers.clear();
    this.fulfillments.clear();
    this.gate.set(this.#startLimits);
    this.gate.clear();
    this.enabled = { offer_events: 'ok' };
    this.changed();
  }

  endLife(): void {
    this.#life.abort();
  }

  state(): State {
    return {
      site: this.name,
      limits: this.gate.limits,
      idempotency: { ...this.keys.settings, keys: this.keys.size },
      offers: { ...this.offers.settings, handed_out: this.offers.size },
      usage: this.usage.settings,
      enabled: this.enabled,
      faults: this.faults.list(),
      in_flight: this.gate.inside,
      counts: {
        history: this.history.length,
        calls: this.calls.length,
        usage: this.usage.length,
        dropped: this.history.dropped + this.calls.dropped,
      },
    };
  }
}

function newLife(): AbortController {
  const life = new AbortController();
  // Every waiting call listens, so a hundred listeners are not a leak.
  setMaxListeners(0, life.signal);
  return life;
}
