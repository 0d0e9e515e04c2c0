/** What a test does in a browser, in the same way for every engine. */

/** A function that runs in the page, so it must not use any name of the file that it is in. */
export type InPage<Args extends unknown[], Result> = (...args: Args) => Result | Promise<Result>;

/** The source of a call of such a function, for engines that evaluate an expression and await its promise. */
export const callOf = (act: (...args: never[]) => unknown, args: readonly unknown[]): string =>
  `(${act.toString()})(...${JSON.stringify(args)})`;

/** A key that a test presses. */
export type Key = 'Escape' | 'Enter' | 'Tab';

/** One page that a visitor has open. */
export interface Tab {
  /** Resolves when the page is loaded. */
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  evaluate<Args extends unknown[], Result>(act: InPage<Args, Result>, ...args: Args): Promise<Result>;
  /** A real press of the main button in the middle of an element. */
  click(selector: string): Promise<void>;
  /** A real press at a point of the viewport, CSS pixels. */
  clickAt(x: number, y: number): Promise<void>;
  /** A real key, pressed and let go. */
  press(key: Key): Promise<void>;
  /** Turns the wheel over the page; CSS pixels. */
  wheel(deltaY: number): Promise<void>;
  /** Brings the tab to the front, in engines that hide the tabs behind. */
  show(): Promise<void>;
  /** Closes the tab as a user does: nothing asks the page or waits for it. */
  close(): Promise<void>;
}

/** A visitor of sites. Visitors share no data as long as every site has a port of its own. */
export interface Visitor {
  open(url: string): Promise<Tab>;
  /** Closes every tab. */
  leave(): Promise<void>;
}

/** A running browser. */
export interface Engine {
  readonly version: string;
  visitor(): Promise<Visitor>;
  close(): Promise<void>;
}

/** The viewport of every tab; CSS pixels. */
export const VIEWPORT = { width: 1280, height: 800 };
