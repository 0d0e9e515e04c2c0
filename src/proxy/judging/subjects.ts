/** Who asks, as the host's own functions say: each request is asked about once, and not for ever. */
import { isSubject } from '../../protocol/subject.js';
import type { Runtime } from '../../runtime.js';
import { HOOK_MS, inTime } from '../patience.js';
import type { ResolvedProxyOptions } from '../resolving.js';
import type { Alert } from '../telling/alert.js';

/** A few may be of somebody who has signed out. */
const LEAST_MISMATCHES = 10;

/**
 * Notices that pages and the host's session name users differently. Otherwise their events would wait on the pages for
 * days, and nothing would say so here.
 * @returns Called for each event that names its user, with whether the session named the same one.
 */
export const watchMismatches = (alert: Alert): ((isSame: boolean) => void) => {
  let inARow = 0;
  return (isSame) => {
    inARow = isSame ? 0 : inARow + 1;
    if (inARow >= LEAST_MISMATCHES) alert('otherSubjects');
  };
};

/** Makes what names the user of a request; it rejects where the hook fails or takes too long. */
export const createSubjects = (
  hook: ResolvedProxyOptions['subject'],
  alert: Alert,
  runtime: Pick<Runtime, 'after'>,
): ((request: Request) => Promise<string | undefined>) => {
  const ask = async (request: Request): Promise<string | undefined> => {
    const given = hook && (await inTime(runtime, HOOK_MS, hook(request), undefined, 'The subject hook'));
    // Hosts without types say null or an empty text of nobody, and number their users.
    const named = Number.isFinite(given) ? `${given as number}` : given;
    if (!named) return undefined;
    if (isSubject(named)) return named;
    alert('noSubject');
    return undefined;
  };

  const asked = new WeakMap<Request, Promise<string | undefined>>();
  return (request) => {
    // Many hosts have to ask a database.
    const subject = asked.get(request) ?? ask(request);
    asked.set(request, subject);
    return subject;
  };
};

const NO_ADDRESS = { hook: 'address', what: 'a text or undefined', so: 'no address has a budget' };

/** Makes what names the address of a request; it rejects where the hook fails or takes too long. */
export const createAddresses =
  (
    hook: NonNullable<ResolvedProxyOptions['address']>,
    alert: Alert,
    runtime: Pick<Runtime, 'after'>,
  ): ((request: Request) => Promise<string | undefined>) =>
  async (request) => {
    const given = await inTime(runtime, HOOK_MS, hook(request), undefined, 'The address hook');
    // Hosts without types say null, or false.
    if (!given) return undefined;
    if (typeof given === 'string') return given;
    alert('unusableAnswer', NO_ADDRESS);
    return undefined;
  };
