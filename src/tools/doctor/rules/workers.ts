/** What service workers may do to requests. The doctor keeps them out of its browser, and reads their files instead. */
import type { Finding, Rule } from '../finding.js';
import type { Asked } from '../observed.js';
import { finding, showAsked } from './wording.js';

/** What a file says of requests. */
const textOf = (worker: Asked | undefined): string =>
  worker?.kind === 'answered' && worker.status < 300 ? worker.text : '';

const ANSWERING = /\brespondWith\b/;
const MORE = /\bimportScripts\b|\bimport\b/;

/** What a worker may look at before it answers: then only who reads it knows which requests that leaves out. */
const LOOKING =
  /\b(?:method|mode|destination|pathname)\b|\burl\s*\.\s*(?:startsWith|endsWith|includes|indexOf|match)\b|\.test\([^)]*\burl\b/;

/** Whether it answers all requests alike. */
const isAnsweringAll = (text: string): boolean =>
  ANSWERING.test(text) && !LOOKING.test(text) && !MORE.test(text);

/** Whether its file shows that it answers nothing. */
const isHarmless = (text: string): boolean => text !== '' && !ANSWERING.test(text) && !MORE.test(text);

/** Whether a service worker of the site may answer in the endpoint's place. */
export const workersLeaveAlone: Rule = {
  find: ({ browser, workers = [] }) =>
    (browser?.workers ?? []).flatMap((url): Finding[] => {
      const asked = workers.find((worker) => worker.url === url);
      const text = textOf(asked);
      if (isHarmless(text)) return [];
      const evidence = [`navigator.serviceWorker.register('${url}')`, asked && showAsked(asked)];
      const repair =
        'Let its fetch handler return at once for every request that is not a GET: if (event.request.method !== "GET") return;';
      return [
        isAnsweringAll(text)
          ? finding('warning', 'worker-answers', {
              title:
                'The service worker answers requests without a look at their method, so events may not reach the proxy once it is active: at once, or from the second visit on.',
              evidence: [
                ...evidence,
                'it calls respondWith, and nowhere reads the method, mode, destination or path of the request',
              ],
              repair,
            })
          : finding('note', 'worker-left-out', {
              title:
                'The page registers a service worker. The doctor keeps it out, so it does not see what that does to requests.',
              evidence,
              repair: `Check that it leaves POST requests to the endpoint alone. ${repair}`,
            }),
      ];
    }),
};
