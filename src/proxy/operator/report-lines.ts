/** Events that programs of the host report, as they write them: one JSON object a line, with the API's own field names. */
import { isOffersightError, OffersightError } from '../../errors.js';
import type { EventFault, ReportResult, ServerEvent } from '../reported.js';

const FIELDS: Readonly<Record<string, keyof ServerEvent>> = {
  name: 'name',
  type: 'type',
  personalized_offer_id: 'offerId',
  occurred_at: 'occurredAt',
  subject: 'subject',
  group: 'group',
};

type Report = (events: readonly ServerEvent[]) => Promise<ReportResult>;

/** An error in the numbers and names of a file; any other is left as it is. */
const inLines = (cause: unknown, numbers: readonly number[]): unknown => {
  if (!isOffersightError(cause)) return cause;
  const { at = -1, what = '' } = cause as Partial<EventFault>;
  const number = numbers[at];
  if (number === undefined) return cause;
  const words = Object.entries(FIELDS).reduce((text, [field, name]) => text.replaceAll(name, field), what);
  return new OffersightError(cause.code, `Line ${number}: ${words}`, cause);
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
 * @returns What reports them. It rejects as a report does, with the line that an error is about.
 * @throws {OffersightError} `configuration`, which names the line.
 */
export const readReport = (text: string): ((report: Report) => Promise<ReportResult>) => {
  // Editors on Windows begin a file with a mark of its encoding.
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .flatMap((line, at) => (line.trim() ? [{ line, number: at + 1 }] : []));
  const events = lines.map(({ line, number }) => readLine(line, number));
  return (report) =>
    report(events).catch((cause: unknown) => {
      throw inLines(
        cause,
        lines.map(({ number }) => number),
      );
    });
};
