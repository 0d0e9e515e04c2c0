export const HELP: string;
/** A Firefox that runs. */
export interface FirefoxPlace {
  readonly path: string;
  readonly version: string;
}
/** The parts of a WebKitGTK that can be driven. */
export interface WebKitPlace {
  /** WebKitWebDriver. */
  readonly driver: string;
  /** MiniBrowser, which it opens. */
  readonly browser: string;
  /** xvfb-run, which gives it a screen. */
  readonly screen: string;
}
export function ensureEngines(options?: { readonly install?: boolean }): {
  readonly firefox: FirefoxPlace | undefined;
  readonly webkit: WebKitPlace | undefined;
  /** In words, one each. */
  readonly missing: readonly string[];
};
