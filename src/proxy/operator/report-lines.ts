/** Events that programs of the host report, as they write them: one JSON object a line, with the API's own field names. */
import { OffersightError } from '../../errors.js';
import type { ServerEvent } from '../reported.js';

const FIELDS: Readonly<Record<string, keyof ServerEvent>> = {
  name: 'name',
  type: 'type',
  personalized_offer_id: 'offerId',
  occurred_at: 'occurredAt',
  subject: 'subject',
  group: 'group',
};

const readLine = (line: string, number: number): ServerEvent => {
  const fault = (what: string): OffersightError =>
    new OffersightError('configuration', `Line ${number}: ${what}`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw fault('it is no JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fault('it is no JSON object.');
  const event: Record<string, unknown> = {};
  for (const [field, given] of Object.entries(value)) {
    const name = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
    if (!name)
      throw fault(
        `${JSON.stringify(field.slice(0, 50))} is unknown. A line may have ${Object.keys(FIELDS).join(', ')}.`,
      );
    event[name] = given;
  }
  // What a field may be, reporting itself checks, as for hosts without types.
  return event as unknown as ServerEvent;
};

/**
 * Reads events; blank lines are left out.
 * @throws {OffersightError} `configuration`, which names the line.
 */
export const readServerEvents = (text: string): ServerEvent[] =>
  text.split('\n').flatMap((line, at) => (line.trim() ? [readLine(line, at + 1)] : []));
