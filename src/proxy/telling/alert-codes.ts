/** What each alert is called in metrics, and what its code says. */
import { ALERTS, type Alert } from './alerts.js';

/** Which alert of the list it is, as metrics have it. Written out, so that declarations need not have the list. */
export type AlertCode =
  | 'noMetadata'
  | 'forwarded'
  | 'notForwarded'
  | 'oneAddress'
  | 'noSubject'
  | 'otherSubjects'
  | 'unsigned'
  | 'unusableGroup'
  | 'unsignedGroup'
  | 'unusableReason'
  | 'hookFailed'
  | 'hooksLate'
  | 'unusableAnswer'
  | 'unusableUsage'
  | 'unusableBusinessEntity'
  | 'notTaken'
  | 'full'
  | 'observationFailed'
  | 'intakeFailed'
  | 'operatorFailed'
  | 'unsafePlace'
  | 'tornPages'
  | 'tablesDropped'
  | 'tooLong'
  | 'unreachable'
  | 'notEnabled'
  | 'badKey'
  | 'throttled'
  | 'wrongSite'
  | 'notTheApi'
  | 'mostRefused';

/** Every code, in the order of the list. */
export const ALERT_CODES: readonly AlertCode[] = Object.keys(ALERTS) as (keyof typeof ALERTS)[];

const alertOf = (code: AlertCode): Alert => ALERTS[code];

/** Whether it is repeated only once a day. */
export const isDaily = (code: AlertCode): boolean => alertOf(code).isDaily ?? false;
/** Whether the note of a lane has it. */
export const isNoted = (code: AlertCode): boolean => alertOf(code).isNoted ?? false;

/** Most alerts have no blanks to fill in, and some are seen at every event, so their words are looked up. */
const BY_WORDS = new Map(ALERT_CODES.map((code) => [alertOf(code).words, code]));

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
const PATTERNS = ALERT_CODES.filter((code) => alertOf(code).words.includes('{')).map((code) => {
  const parts = alertOf(code).words.split(/\{\w+\}/);
  return [code, new RegExp(`^${parts.map(escaped).join('.*')}$`, 's')] as const;
});

/** Which alert has these words; undefined for words of the intake's own, and of other releases. */
export const alertCodeOf = (message: string): AlertCode | undefined =>
  BY_WORDS.get(message) ?? PATTERNS.find(([, pattern]) => pattern.test(message))?.[0];
