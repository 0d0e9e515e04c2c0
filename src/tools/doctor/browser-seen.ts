/** What a browser saw of a page, and what is alike in a page's source, as plain data. */

/** An element of the script file, as it was served or as it is in the page. */
export interface ScriptTag {
  readonly attributes: Readonly<Record<string, string>>;
  /** The attribute that names the file: `src`, or what an optimizer made of it. */
  readonly by: string;
  /** The file's absolute URL. */
  readonly url: string;
}

/** An element that is marked as an offer. */
export interface ShownOffer {
  /** The attribute's text as it is. */
  readonly id: string;
  /** The element's opening tag. */
  readonly markup: string;
  /** The text of `data-offer-expires`; nothing if there is none. */
  readonly expires?: string;
  /** The beginning of what people read in it; unknown without a browser. */
  readonly text?: string;
  /** Whether it has a token. */
  readonly isSigned?: boolean;
  /** Whether it lies in another element of the same offer. */
  readonly isInner?: boolean;
  /** Classes (`.name`) and ids (`#name`) of the element and of those around it. */
  readonly names: readonly string[];
  /** Selectors of filter lists that match it or an element around it. */
  readonly filters: readonly string[];
  /** How it was drawn; unknown without a browser. */
  readonly drawn?: Drawn;
}

/** How a browser drew an element. */
export interface Drawn {
  readonly width: number;
  readonly height: number;
  /** The style's word; `empty contents` if what it holds should stand for it and it holds no element. */
  readonly display: string;
  /** The outermost element that hides it and the style that does, such as `<div.modal> by display: none`. */
  readonly hiddenBy?: string;
}

/** Something of the browser's about the script file or the endpoint. */
export interface Violation {
  /** Such as `script-src-elem` or `connect-src`. */
  readonly directive: string;
  /** The URL that was blocked. */
  readonly blocked: string;
}

/** A request of the page for one of our files. */
export interface FileRequest {
  readonly url: string;
  /** Undefined if there was no answer. */
  readonly status?: number;
  readonly type?: string;
  /** The browser's word for why there was none, such as `net::ERR_BLOCKED_BY_CSP`. */
  readonly failure?: string;
}

/** The tracker, as the page knows it. */
export interface TrackerSeen {
  /** Whether the script file has run. */
  readonly hasScriptRun: boolean;
  /** Attributes of the tag that started it; none if it did not find one. */
  readonly startedBy?: Readonly<Record<string, string>>;
  /** The endpoints that have a tracker. In a driven browser that is ignored there are none. */
  readonly endpoints: readonly string[];
  /** What the user has said of being recorded; unknown if no tracker works. */
  readonly consent?: string;
  /** How many offers of closed shadow trees it watches; unknown if no tracker works. */
  readonly inClosedTrees?: number;
}

/** An offer that stayed in view while nothing was reported. */
export interface SilentOffer {
  /** The element's opening tag. */
  readonly markup: string;
  /** For how long it was in view, milliseconds. */
  readonly forMs: number;
}

/** An attribute of an element of the page. */
export interface AttributeSeen {
  readonly name: string;
  readonly value: string;
  /** The element's opening tag. */
  readonly markup: string;
}

/** What a browser saw. */
export interface BrowserSeen {
  readonly tags: readonly ScriptTag[];
  readonly offers: readonly ShownOffer[];
  /** Attributes that look like `data-offer-id` and are not, such as `data-offerid`. */
  readonly misspelt: readonly string[];
  /** Frames of the page's origin with offers that no tracker watches, as text. */
  readonly frames: readonly string[];
  /** Opening tags of offers in closed shadow trees, and of what they are in. */
  readonly closed: readonly string[];
  /** Why the page can store nothing; empty if it can. */
  readonly storage: string;
  /** Attributes that are ours, or look so. */
  readonly attributes: readonly AttributeSeen[];
  /** Service workers that the page wanted to register, and that were kept out. */
  readonly workers: readonly string[];
  readonly tracker: TrackerSeen;
  /** Missing if something was reported by then, or nothing could be. */
  readonly silent?: SilentOffer;
  readonly files: readonly FileRequest[];
  readonly violations: readonly Violation[];
  /** Errors and warnings of the console that speak of us, of our files or of the endpoint. */
  readonly console: readonly string[];
  /** Where the page itself tried to report events, and the ids of these. */
  readonly stopped: readonly { readonly url: string; readonly ids: readonly string[] }[];
}
