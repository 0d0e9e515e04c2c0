/** Whose an event may be. The proxy refuses others by name, so the page says so before. */

/** Opaque by agreement (a hash, a random id): what looks like an e-mail address does not pass. */
const SUBJECT = /^[\w.:~-]{1,128}$/;

/** Whether a value can say whose an event is. */
export const isSubject = (value: unknown): value is string =>
  typeof value === 'string' && SUBJECT.test(value);
