/**
 * The one error family. Owns what can go wrong and what to do about it; knows no room.
 * Nothing here is ever thrown into a host page: the client hands these to `onError`.
 */

/** What went wrong, as a literal that code can switch on. */
export type ErrorCode =
  /** The options are wrong; the client stays inert, the proxy throws at creation. */
  | 'configuration'
  /** The browser lacks something that seeing or keeping needs; the client stays inert. */
  | 'unsupported'
  /** A file of the package did not load; it is asked for again. */
  | 'load'
  /** IndexedDB is blocked or broke; events are kept in memory and die with the page. */
  | 'storage'
  /** Events wait: the endpoint cannot be reached or answers as a wrong deployment does. */
  | 'delivery'
  /** The proxy refused every event of a request by name; they are kept as dead letters. */
  | 'refused';

/** Every error that Offersight reports or, on the server at creation, throws. */
export class OffersightError extends Error {
  /** The same in every realm and after minification, so guards compare it instead of classes. */
  override readonly name = 'OffersightError';
  /** What went wrong. */
  declare readonly code: ErrorCode;
  /** What to do next; never holds a key, a host of the upstream or an answer's text. */
  declare readonly hint: string;

  /**
   * @param code What went wrong.
   * @param hint What to do next.
   * @param cause The error underneath, if there is one.
   */
  constructor(code: ErrorCode, hint: string, cause?: unknown) {
    super(`${code}: ${hint}`, { cause });
    this.code = code;
    this.hint = hint;
  }
}

/**
 * Whether a value is an {@link OffersightError}, also one from another realm or another copy of the
 * package.
 */
export const isOffersightError = (value: unknown): value is OffersightError =>
  (value as { name?: unknown } | null | undefined)?.name === 'OffersightError';
