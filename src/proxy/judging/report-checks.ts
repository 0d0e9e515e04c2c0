/** What an event that the host reports may be, and how a fault names it. */
import { OffersightError } from '../../errors.js';
import { isOfferId } from '../../protocol/event.js';
import { isGroup } from '../../protocol/group.js';
import { isSubject } from '../../protocol/subject.js';
import type { EventFault, ServerEvent } from '../reported.js';
import { isBusinessEntityId } from './additions.js';

const MAX_NAME_LENGTH = 200;
/** In 2001. What is earlier was given in seconds. */
const EARLIEST = 1e12;

/** Lines of a file have other numbers and other names, so the error also has its parts. */
export const fault = (
  at: number,
  what: string,
  code: 'configuration' | 'refused' = 'configuration',
): OffersightError & EventFault =>
  Object.assign(new OffersightError(code, `Event ${at + 1} of the report: ${what}`), { at, what });

/** Every field, so that the compiler misses one that is forgotten here. */
const FIELDS: { readonly [Name in keyof Required<ServerEvent>]: true } = {
  name: true,
  type: true,
  offerId: true,
  occurredAt: true,
  subject: true,
  group: true,
  caller: true,
};

/** Hosts without types may give anything. */
const checkFields = (event: unknown, at: number): void => {
  if (typeof event !== 'object' || event === null) throw fault(at, 'it is no object.');
  const unknown = Object.keys(event).find((name) => !Object.hasOwn(FIELDS, name));
  if (unknown !== undefined)
    throw fault(
      at,
      `${JSON.stringify(unknown.slice(0, 50))} is unknown. An event may have ${Object.keys(FIELDS).join(', ')}.`,
    );
};

/**
 * Checks one event of a report.
 * @param at Its place in the report.
 * @throws {OffersightError} `configuration`, which says what to give instead.
 */
export const checkReported = (event: ServerEvent, at: number, now: number): void => {
  checkFields(event, at);
  const { name, type, offerId, occurredAt, subject, group, caller } = event;
  if (typeof name !== 'string' || !name || name.length > MAX_NAME_LENGTH)
    throw fault(at, `give it a name of 1 to ${MAX_NAME_LENGTH} characters, which no other event has.`);
  // Hosts without types may try it.
  if ((type as unknown) === 'fulfilled')
    throw fault(at, `fulfilled is the billing system's own, and never reported.`);
  if (!['viewed', 'dismissed', 'accepted'].includes(type))
    throw fault(at, 'its type is viewed, dismissed or accepted.');
  if (!isOfferId(offerId)) throw fault(at, 'its offerId has 1 to 50 characters of A–Z a–z 0–9 _ . : ~ -.');
  if (
    occurredAt !== undefined &&
    !(Number.isInteger(occurredAt) && occurredAt > EARLIEST && occurredAt <= now)
  )
    throw fault(at, 'its occurredAt is in epoch milliseconds, and not in the future.');
  if (subject !== undefined && !isSubject(subject))
    throw fault(at, 'its subject has 1 to 128 characters of A–Z a–z 0–9 _ . : ~ -.');
  if (group !== undefined && !isGroup(group))
    throw fault(
      at,
      'its group has 1 to 50 characters of A–Z a–z 0–9 _ . : / ~ -, the first a letter or a digit.',
    );
  if (caller?.businessEntityId && !isBusinessEntityId(caller.businessEntityId))
    throw fault(at, 'its caller.businessEntityId has 1 to 50 printable characters of ASCII.');
};
