/** Raises alerts by their codes: as often as a condition is seen, and to the host not too often. */
import { isOffersightError } from '../../errors.js';
import type { Runtime } from '../../runtime.js';
import { cleanCause, hookOf } from './cause.js';
import { ALERTS, type AlertCode } from './table.js';

/**
 * Called with a message about what an operator has to do, and with what broke. That is a copy of
 * the error with its name, message, code, stack and causes, without the fields that a driver adds,
 * such as a command and its arguments. The code says which alert it is, so that not every one need wake somebody.
 */
export type OnAlert = (message: string, cause?: unknown, code?: AlertCode) => void;

/** An alert: its code, and what stands in its words for `{…}`. */
export type Raised = readonly [code: AlertCode, parts?: Readonly<Record<string, string>>];

/** Raises an alert, each time that its condition is seen. */
export type Alert = (code: AlertCode, parts?: Readonly<Record<string, string>>, cause?: unknown) => void;

/** The words of an alert, with the parts that differ from case to case. */
export const wordsOf = (...[code, parts = {}]: Raised): string =>
  ALERTS[code].words.replace(/\{(\w+)\}/g, (whole, name: string) => parts[name] ?? whole);

/** An alert as the note of a lane has it. */
export const noted = (...raised: Raised): { readonly alert: string; readonly alertCode: AlertCode } => ({
  alert: wordsOf(...raised),
  alertCode: raised[0],
});

/** The hint of a failure that says itself what an operator has to do: logs show the words of an alert, not its cause. */
export const remedyOf = (cause: unknown): string | undefined =>
  isOffersightError(cause) && cause.code === 'configuration' ? cause.hint : undefined;

/** The same trouble is reported again only after this long, and a gauge shows it for so long after it was last seen. */
export const AGAIN_MS = 600_000;
const DAY_MS = 86_400_000;

/**
 * Makes the one way by which alerts leave. It keeps the host's hook from being flooded, and from hearing whom a failure
 * concerned; what the hook throws ends nothing.
 * @param onSeen Called each time, also when the hook is not.
 */
export const createAlert = (
  onAlert: OnAlert,
  runtime: Pick<Runtime, 'elapsed'>,
  onSeen: (code: AlertCode, message: string) => void = () => undefined,
): Alert => {
  const toldAt = new Map<string, number>();
  const tell = hookOf(onAlert);
  return (code, parts, cause) => {
    const message = remedyOf(cause) ?? wordsOf(code, parts);
    onSeen(code, message);
    const now = runtime.elapsed();
    const againMs = ALERTS[code].isDaily ? DAY_MS : AGAIN_MS;
    if (now - (toldAt.get(message) ?? -againMs) < againMs) return;
    toldAt.set(message, now);
    // The listener that should get what it throws is the one that failed.
    tell(message, cleanCause(cause), code).catch(() => undefined);
  };
};
