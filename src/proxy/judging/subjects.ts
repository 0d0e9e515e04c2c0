/** Who asks, by the host's own session: each request is asked about once, and not for ever. */
import { isSubject } from '../../protocol/subject.js';
import type { Runtime } from '../../runtime.js';
import type { OfferProxyOptions } from '../options.js';
import { patiently } from '../patience.js';
import type { OnAlert } from '../telling/alert.js';
import { ALERTS } from '../telling/alerts.js';

const DEADLINE_MS = 6_000;
/** A few may be of somebody who has signed out. */
const LEAST_MISMATCHES = 10;

/**
 * Notices that pages and the host's session name users differently. Otherwise their events would wait on the pages for
 * days, and nothing would say so here.
 * @returns Called for each event that names its user, with whether the session named the same one.
 */
export const watchMismatches = (alert: OnAlert): ((isSame: boolean) => void) => {
  let inARow = 0;
  return (isSame) => {
    inARow = isSame ? 0 : inARow + 1;
    if (inARow >= LEAST_MISMATCHES) alert(ALERTS.otherSubjects.words);
  };
};

/** Makes what names the user of a request; it rejects where the hook fails or takes too long. */
export const createSubjects = (
  hook: OfferProxyOptions['subject'],
  alert: OnAlert,
  runtime: Pick<Runtime, 'after'>,
): ((request: Request) => Promise<string | undefined>) => {
  const ask = async (request: Request): Promise<string | undefined> => {
    let stop = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      stop = patiently(runtime, DEADLINE_MS, () => reject(new Error('The subject hook took too long.')));
    });
    try {
      const given: unknown = hook && (await Promise.race([hook(request), late]));
      // Hosts without types say null or an empty text of nobody, and number their users.
      const named = typeof given === 'number' ? `${given}` : given || undefined;
      if (named === undefined || isSubject(named)) return named;
      alert(ALERTS.noSubject.words);
      return undefined;
    } finally {
      stop();
    }
  };

  const asked = new WeakMap<Request, Promise<string | undefined>>();
  return (request) => {
    // Many hosts have to ask a database.
    const subject = asked.get(request) ?? ask(request);
    asked.set(request, subject);
    return subject;
  };
};
