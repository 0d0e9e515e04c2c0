/** What the proxy itself did not take, and which alerts stand: kept in the intake, so that every surface shows the same. */

/** An alert that the proxy raised lately. */
export interface RaisedAlert {
  /** Which alert it is. */
  readonly code: string;
  /** What an operator has to do. */
  readonly message: string;
  /** When its condition was last seen, epoch milliseconds. */
  readonly lastAt: number;
}

/** What happened at the door. */
export interface DoorReport {
  /** Requests of the last 7 UTC days that were not admitted, by the code of their problem. */
  readonly requests: Readonly<Record<string, number>>;
  /** Events of these days that the proxy refused by itself, by code. The upstream never heard of them. */
  readonly refused: Readonly<Record<string, number>>;
  /** The alerts of the last 24 hours that are not about the upstream, which the lanes have. The latest comes first. */
  readonly alerts: readonly RaisedAlert[];
}

/** For so long counts are shown, UTC days. */
export const REPORT_DAYS = 7;
/** For so long an alert is shown after its condition was last seen, milliseconds. */
export const ALERT_MS = 86_400_000;
