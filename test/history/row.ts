/**
 * What a run under faults writes down: one row for each thing that happened, plain JSON, in the order in which it
 * happened. The simulator and the browser's nemesis write the same rows, and the checker judges nothing else.
 *
 * `at` is epoch milliseconds of the run's true clock, which never jumps. If a page's or a proxy's own clock is moved,
 * a `clock` row says so. Rows of one millisecond are ordered only by their place.
 */
import type { OfferEventType } from '../../src/protocol/event.js';
import type { LedgerCell } from '../../src/proxy/intake/ledger.js';

/** What the proxy said of one event, as the wire has it. */
export interface RowVerdict {
  readonly kind: 'accepted' | 'duplicate' | 'deferred' | 'refused';
  readonly code?: string | undefined;
}

/** What an event counts under in the ledger: the day on which the proxy took it, and what it said of itself. */
export interface RowCell {
  /** The UTC day by the proxy's clock when it was asked, such as `2025-11-20`. */
  readonly day: string;
  /** The day when it had answered, if midnight came in between: then the event may count on either. */
  readonly lastDay?: string | undefined;
  readonly type: string;
  readonly group?: string | undefined;
  readonly reason?: string | undefined;
}

/** The page's side: events, the outbox and what it asked. */
export type PageRow =
  /** A page begins to run. `watches` names what the harness would have seen of it. */
  | {
      readonly kind: 'opened';
      readonly tab: string;
      /** Where its events go; missing if there is only one endpoint. */
      readonly endpoint?: string;
      readonly watches: readonly ('errors' | 'rejections' | 'console' | 'long-tasks' | 'bfcache')[];
    }
  /** A page ends without violence, or changes state. Only `closed` ends it. */
  | {
      readonly kind: 'page';
      readonly tab: string;
      readonly change:
        | 'hidden'
        | 'visible'
        | 'pagehide'
        | 'frozen'
        | 'thawed'
        | 'online'
        | 'offline'
        /** Somebody asked for a flush by hand. */
        | 'flush'
        | 'closed';
    }
  /** A task keeps the page from everything else, milliseconds. */
  | { readonly kind: 'busy'; readonly tab: string; readonly taskMs: number }
  /** The qualifying moment: the id is made here. */
  | {
      readonly kind: 'created';
      readonly id: string;
      readonly type: OfferEventType;
      readonly offerId: string;
      readonly impressionId: string;
      readonly tab: string;
      /** When the offer ends, epoch milliseconds. */
      readonly expiresAt?: number | undefined;
      readonly subject?: string | undefined;
      /** The group that the harness gave to the offer, no matter what the product says. */
      readonly group?: string | undefined;
      /** How the harness closed the offer, no matter what the product says. */
      readonly reason?: string | undefined;
    }
  /**
   * The product reported that the event is durable. If the harness could not see that for sure (the page died in
   * between), there is no such row.
   */
  | { readonly kind: 'committed'; readonly id: string; readonly tab: string; readonly store?: string }
  /** The product decided not to record it (known already, consent denied): it was never promised. */
  | { readonly kind: 'declined'; readonly id: string; readonly tab: string; readonly why: string }
  /** `onDiscard` was called. */
  | {
      readonly kind: 'discarded';
      readonly id: string;
      readonly tab: string;
      readonly reason: string;
      readonly code?: string | undefined;
    }
  /** A request leaves a page: the start of one attempt. */
  | {
      readonly kind: 'requested';
      /** Unique in the history. */
      readonly number: number;
      readonly tab: string;
      readonly ids: readonly string[];
      readonly isFarewell: boolean;
      /** The endpoint that it asks, if there are several. */
      readonly endpoint?: string;
      /** Fields that it has although the wire does not have them. */
      readonly extras?: readonly string[];
      /** Whose session the request goes out under, as the server knows it. */
      readonly session?: string | undefined;
      /**
       * The same request once more, because the browser refused it with `keepalive`, or without what the proxy did not
       * understand: not a new attempt.
       */
      readonly isRepeat?: boolean;
      /** By id, what is said of the event, verbatim; it may never change. */
      readonly contents?: Readonly<Record<string, string>>;
      /** Its place among all rows that the page reported. */
      readonly serial?: number;
    }
  /** The request ended for the page. Missing if the page died before. */
  | {
      readonly kind: 'answered';
      readonly number: number;
      readonly tab: string;
      /** Missing: network error, time-out, abort, or a body that broke off. */
      readonly status?: number | undefined;
      /**
       * By event id. Only if the whole reply counts: status 200, address unchanged, JSON of version 1. The harness
       * judges this itself, not by what the product says.
       */
      readonly verdicts?: Readonly<Record<string, RowVerdict>>;
      /** It looks as if no proxy was there: 404, 405, or a page with status 200. */
      readonly isAbsent?: boolean;
      /** What a sensible `Retry-After` asked for, milliseconds; missing if there was none or it made no sense. */
      readonly retryAfterMs?: number | undefined;
    }
  /** The outbox waits, as written to its store; kind `none` ends it. `until` is the page's own clock. */
  | {
      readonly kind: 'paused';
      readonly tab: string;
      readonly pause: 'none' | 'back-off' | 'throttled' | 'circuit';
      readonly until: number;
      readonly store?: string;
      /** The endpoint of the pause, if there are several. */
      readonly endpoint?: string;
      /** Its place among all rows that the page reported: the history has it at the beginning of the write. */
      readonly serial?: number;
    }
  /** Harm to the host page, which must never occur. */
  | {
      readonly kind: 'harm';
      readonly tab: string;
      readonly what: 'error' | 'rejection' | 'console-flood' | 'long-task' | 'bfcache-lost';
      readonly text: string;
      readonly durationMs?: number;
    };

/** The store's trace: what complete transactions changed. `store` is `disk` unless said otherwise. */
export type StoreRow =
  /** An entry was written, new or changed. */
  | {
      readonly kind: 'put';
      readonly shelf: 'entry' | 'dead';
      readonly id: string;
      readonly tab: string;
      readonly store?: string;
      /** The token of its lease, if it has one. */
      readonly token?: string | undefined;
      /** What this version does not know of it, as JSON. */
      readonly unknown?: string | undefined;
      /** Whether a later version wrote it for itself: its `v` is higher. */
      readonly isNewer?: boolean;
    }
  /** Entries that a page was removing when it was frozen: it hears only after thawing whether that took effect. */
  | { readonly kind: 'unheard'; readonly tab: string; readonly ids: readonly string[] }
  | {
      readonly kind: 'removed';
      readonly shelf: 'entry' | 'dead';
      readonly id: string;
      readonly tab: string;
      readonly store?: string;
      /** The reason as far as the harness knows it. The checker still asks for evidence. */
      readonly why?:
        | 'settled'
        | 'refused'
        | 'expired'
        | 'outbox-full'
        | 'storage-full'
        | 'unreadable'
        | 'purged';
      /** The store held more than it may, or was given no more room: something had to go. */
      readonly isFull?: boolean;
    };

/** The proxy's side. */
export type ProxyRow =
  /** A process begins to answer at an endpoint. One that is direct forwards before it answers, and keeps nothing. */
  | {
      readonly kind: 'started';
      readonly proxy: string;
      readonly endpoint: string;
      readonly isDirect: boolean;
    }
  /** The proxy's verdict, when it was made; whether the page heard it is another row. */
  | {
      readonly kind: 'taken';
      readonly id: string;
      readonly proxy: string;
      readonly verdict: RowVerdict;
      /** What it says on the wire, and when it arrived there; missing if the harness did not see its request. */
      readonly cell?: RowCell | undefined;
    }
  /** The host's own program reports an acceptance under this name, and the intake has not answered yet. */
  | {
      readonly kind: 'reported';
      readonly name: string;
      readonly proxy: string;
      /** The UTC day by the proxy's clock. */
      readonly day: string;
    }
  /** The host's own program reported an acceptance under this name, and the intake answered. */
  | {
      readonly kind: 'accepted';
      readonly name: string;
      /** The id that the product made of the name. */
      readonly id: string;
      readonly proxy: string;
      readonly verdict: RowVerdict;
      readonly cell: RowCell;
    }
  /** The harness gave up these waiting events, as an operator does. */
  | { readonly kind: 'purged'; readonly ids: readonly string[]; readonly proxy: string }
  /** A call arrived at the upstream, or left the proxy for it. */
  | {
      readonly kind: 'forwarded';
      /** Unique in the history. */
      readonly number: number;
      /** The upstream key, verbatim. */
      readonly key: string;
      /** The 36 characters behind `oe1-` in the key; missing if there are none. */
      readonly id?: string | undefined;
      readonly type: string;
      readonly offerId: string;
      /** Missing if the upstream cannot tell who called. */
      readonly proxy?: string;
    }
  /** The call ended. Missing: the proxy never heard, so it was ambiguous. */
  | {
      readonly kind: 'forward-ended';
      readonly number: number;
      readonly status?: number | undefined;
      /** The proxy cannot know whether it was taken: no answer, or not the API's own. */
      readonly isAmbiguous: boolean;
    }
  /** The upstream counted the event: not a replay of a key. */
  | {
      readonly kind: 'effect';
      /** The forward that caused it. */
      readonly number: number;
      readonly id?: string | undefined;
      readonly type: string;
      readonly offerId: string;
    }
  /** The intake's row reached its end, in a transaction that is complete. */
  | {
      readonly kind: 'settled';
      readonly id: string;
      readonly state: 'done' | 'dead';
      readonly code?: string | undefined;
      readonly proxy?: string;
    }
  /** A request that fails a check of the proxy was sent on purpose, with these ids in it. */
  | {
      readonly kind: 'probed';
      readonly check: string;
      readonly ids: readonly string[];
      readonly status?: number | undefined;
    };

/** What the nemesis did, and the bounds that it did it within. */
export type NemesisRow =
  /** What the outbox of every page may hold, and for how long. */
  | {
      readonly kind: 'setting';
      readonly retentionMs: number;
      readonly maxEntries: number;
      /**
       * What goes wrong with the storage. Either each fault is a row (`told`), or the storage is a real browser's,
       * whose faults nobody reports, with room for everything (`ample`) or for hardly anything (`narrow`).
       */
      readonly storage: 'told' | 'ample' | 'narrow';
      /** No page waits longer after failures: on localhost, 5 s. */
      readonly longestPauseMs?: number;
    }
  | {
      readonly kind: 'fault';
      /** Such as `network`, `storage`, `upstream`, `clock`, and what exactly. */
      readonly where: string;
      readonly what: string;
      /** The tab, proxy, request or store that it hit. */
      readonly target?: string;
    }
  /** Everything in the store is gone, and what was in it is nobody's fault. */
  | { readonly kind: 'wiped'; readonly what: 'outbox' | 'intake'; readonly store?: string }
  /** A process died without a word. `names`: the tabs or the proxies that died with it. */
  | {
      readonly kind: 'killed';
      readonly what: 'browser' | 'renderer' | 'proxy';
      readonly names: readonly string[];
    }
  /** A clock was moved. Missing `names`: those of all pages. The name `servers` means those of all proxies. */
  | { readonly kind: 'clock'; readonly byMs: number; readonly names?: readonly string[] }
  /** How the upstream treats keys from now on. */
  | { readonly kind: 'mode'; readonly keys: 'honours' | 'ignores' | 'window'; readonly windowMs?: number }
  | { readonly kind: 'consent'; readonly tab: string; readonly state: 'granted' | 'pending' | 'denied' }
  | { readonly kind: 'subject'; readonly tab: string; readonly subject?: string | undefined };

/** One entry at the end. */
export interface KeptEntry {
  readonly id: string;
  /** Why it may still be there after healing; missing: it should have gone. */
  readonly because?: 'subject' | 'newer-version' | 'consent';
}

/** One row of the intake at the end. */
export interface KeptRow {
  readonly id: string;
  readonly state: 'waiting' | 'forwarding' | 'done' | 'dead';
  readonly code?: string | undefined;
  readonly isAmbiguous: boolean;
  readonly maybeDuplicate: boolean;
  /** The endpoint whose intake it is in, if there are several. */
  readonly endpoint?: string | undefined;
}

/** What the harness measured, looked for or found at the end. */
export type JudgeRow =
  /** A size, against the bound that it must keep. */
  | {
      readonly kind: 'measured';
      readonly what:
        | 'outbox'
        | 'outbox-bytes'
        | 'dead'
        | 'intake'
        | 'limiters'
        | 'heap'
        | 'calls-per-minute'
        | 'keepalive-bytes';
      readonly value: number;
      readonly bound: number;
    }
  /** Bytes were searched for the API key and the upstream's host. */
  | { readonly kind: 'searched'; readonly where: string; readonly bytes: number; readonly hits: number }
  /** Faults are off from here, and within this time everything has to be gone. */
  | { readonly kind: 'healed'; readonly withinMs: number }
  /** Nothing moves any more. */
  | { readonly kind: 'quiet' }
  | {
      readonly kind: 'final-outbox';
      readonly entries: readonly KeptEntry[];
      readonly dead: readonly KeptEntry[];
    }
  | { readonly kind: 'final-intake'; readonly rows: readonly KeptRow[] }
  /** What the ledger of an intake says. */
  | {
      readonly kind: 'final-ledger';
      /** The endpoint of the intake, if there are several. */
      readonly endpoint?: string | undefined;
      readonly cells: readonly LedgerCell[];
    }
  /** Leases that still bind something at the end. */
  | { readonly kind: 'final-holds'; readonly leases: readonly string[] };

/** One thing that happened. */
export type Row = { readonly at: number } & (PageRow | StoreRow | ProxyRow | NemesisRow | JudgeRow);

/** A row of one kind. */
export type RowOf<Kind extends Row['kind']> = Extract<Row, { readonly kind: Kind }>;

/** A run, in order. */
export type History = readonly Row[];
