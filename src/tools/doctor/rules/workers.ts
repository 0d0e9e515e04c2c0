/** What service workers may do to requests. The doctor keeps them out of its browser. */
import type { Rule } from '../finding.js';
import { finding } from './wording.js';

/** Whether a service worker of the site may answer in the endpoint's place. */
export const workersLeaveAlone: Rule = {
  find: ({ browser }) =>
    browser?.workers.length
      ? [
          finding('note', 'worker-left-out', {
            title:
              'The page registers a service worker. The doctor keeps it out, so it does not see what that does to requests.',
            evidence: browser.workers.map((url) => `navigator.serviceWorker.register('${url}')`),
            repair:
              'Check that it leaves POST requests to the endpoint alone: its fetch handler should return at once for every request that is not a GET: if (event.request.method !== "GET") return;',
          }),
        ]
      : [],
};
