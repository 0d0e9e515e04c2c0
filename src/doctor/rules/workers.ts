/** What the doctor keeps out of its browser, and so cannot judge. */
import type { Rule } from '../finding.js';
import { finding } from './wording.js';

/** Whether a service worker of the site may answer in the endpoint's place. */
export const workersLeftOut: Rule = {
  find: ({ browser }) =>
    browser?.workers.length
      ? [
          finding('note', 'worker-left-out', {
            title:
              'The page registers a service worker. The doctor keeps it out, so it does not see what that does to requests.',
            evidence: browser.workers.map((url) => `navigator.serviceWorker.register('${url}')`),
            repair: 'Check that its fetch handler leaves POST requests to the endpoint alone.',
          }),
        ]
      : [],
};
