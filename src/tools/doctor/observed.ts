/** What was seen of a deployment, as plain data: rules need neither a network nor a browser. */
import type { BrowserSeen, ScriptTag, ShownOffer } from './browser-seen.js';

export type * from './browser-seen.js';

/** An answer over HTTP. Header names are in lower case. */
export interface Answer {
  readonly kind: 'answered';
  /** Where it came from, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of the body. */
  readonly text: string;
  /** The URLs that redirected, first to last. */
  readonly redirects: readonly string[];
  /** Hashes of the whole body, as subresource integrity writes them; none if the body was too long to read. */
  readonly hashes?: readonly string[];
}

/** A request without an answer. */
export interface Unanswered {
  readonly kind: 'failed';
  readonly url: string;
  /** What the machine said of it, such as `ECONNREFUSED`. */
  readonly reason: string;
}

/** What became of a request. */
export type Asked = Answer | Unanswered;

/** The endpoint, and what it answered to a batch without events. */
export interface EndpointSeen {
  readonly url: string;
  /** Who says that it is the endpoint. */
  readonly namedBy: 'option' | 'page' | 'default';
  readonly asked: Asked;
  /** Who asked: the page, as its tracker would, or the doctor in its place. */
  readonly by: 'page' | 'doctor';
}

/** A name of the deployment that a filter list blocks. */
export interface Filtered {
  /** The URL. */
  readonly name: string;
  /** The filter. */
  readonly filter: string;
  /** Whose: a file's name, or our own list. */
  readonly list: string;
}

/** A lane of the proxy as its admin route shows it. */
export interface LaneSeen {
  readonly name: string;
  readonly waiting: number;
  readonly oldestAt?: number;
  readonly alert?: string;
  readonly pausedUntil?: number;
}

/** What the proxy itself did not take in the last days. */
export interface DoorSeen {
  /** What an operator has to do. */
  readonly alerts: readonly string[];
  /** Requests that were not admitted, by code. */
  readonly requests: Readonly<Record<string, number>>;
  /** Events that the proxy refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
}

/** What the proxy's listener for operators said. */
export interface OperatorSeen {
  /** Where it was asked. */
  readonly url: string;
  /** What became of the question for the status. */
  readonly asked: Asked;
  readonly lanes: readonly LaneSeen[];
  /** Events of the last 30 days that Chargebee refused. */
  readonly refused: number;
  readonly door: DoorSeen;
  /** The status of `/readyz`; undefined if it has none there. */
  readonly ready?: number;
  /** When that was, epoch milliseconds. */
  readonly at: number;
}

/** What Chargebee answered to an event without a type. */
export interface KeySeen {
  readonly asked: Asked;
  /** The API's own codes, the second one more precise, and the parameter that it names. */
  readonly code?: string;
  readonly errorCode?: string;
  readonly param?: string;
  readonly message?: string;
}

/** Everything that was seen. */
export interface Observed {
  /** The page. */
  readonly page: Answer;
  /** When it was opened, by the doctor's clock, epoch milliseconds. */
  readonly at: number;
  /** Tags of the script file as they were served. */
  readonly tags: readonly ScriptTag[];
  /** Tags that browsers do not run, since they are in `<noscript>`, in a comment or the like; with their place. */
  readonly inert: readonly string[];
  /** Offers as they were served. */
  readonly offers: readonly ShownOffer[];
  /** Policies of the page, from headers and `<meta>`. */
  readonly policies: readonly string[];
  readonly browser?: BrowserSeen;
  /** The script file as the first tag names it. */
  readonly script?: Asked;
  /** The file of the offer part beside it. */
  readonly offerPart?: Asked;
  /** The inspector's file beside it. */
  readonly inspector?: Asked;
  readonly endpoint: EndpointSeen;
  /** What it answered to the doctor when a batch had events, which contradicted each other. */
  readonly full?: Asked;
  /** The same of a batch with as many events as a page sends at once. */
  readonly long?: Asked;
  readonly filtered: readonly Filtered[];
  readonly operator?: OperatorSeen;
  readonly key?: KeySeen;
}
