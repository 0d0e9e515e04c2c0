/** A call to the mock API, for somebody who reads along. */
import type { Call } from '../mock-api/calls.js';
import { remedyOf } from './reasons.js';

/** An id that no proxy would take is cut to this. */
const MAX_SHOWN = 60;

/** A page can make up anything, and a terminal shows it as well. */
export const shown = (value: unknown): string =>
  (typeof value === 'string' ? value : String(value))
    .slice(0, MAX_SHOWN)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');

/** What became of a call that did not deliver. */
export const endOf = ({ status, code }: Call): string => {
  switch (status) {
    case 'hung':
      return 'no answer';
    case 'reset':
    case 'aborted':
      return 'connection broken';
    default:
      return code === null ? `${status}` : `${status} ${code}`;
  }
};

/** The time of day, as each line begins with it. */
export const timeOf = (at: number): string => new Date(at).toLocaleTimeString('en-GB');

/** Makes the lines of a list in which each remedy is shown once, below the first line that it concerns. */
export const createRemedies = (): ((reason: string | undefined) => string) => {
  const said = new Set<string>();
  return (reason) => {
    const remedy = remedyOf(reason);
    if (remedy === undefined || said.has(remedy)) return '';
    said.add(remedy);
    return `\n          ${remedy}`;
  };
};

/** Makes the line of each call, with what to do about the first of a kind that failed. */
export const createCallLines = (): ((call: Call) => string) => {
  const remedies = createRemedies();
  return (call) => {
    const { at, method, path, type, personalized_offer_id: offer, recorded } = call;
    const about = [type, offer].flatMap((word) => (word === null ? [] : shown(word)));
    const end = endOf(call);
    const words = [timeOf(at), method, shown(path), ...about, recorded ? `${end} recorded` : end];
    return `${words.join('  ')}${recorded ? '' : remedies(end)}\n`;
  };
};
