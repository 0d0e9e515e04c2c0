/** Whether events may leave the page: consent is the site's own matter, so this only says what is the case. */
import type { Rule } from '../finding.js';
import { finding, type Said } from './wording.js';

const ASK = 'Check that your consent manager calls tracker.consent("granted") when a visitor agrees.';

/** What is said of a tracker that works. */
const STATES: Readonly<Record<string, Said>> = {
  pending: {
    title: 'The tracker waits for consent, and nothing gave it while the doctor looked.',
    evidence: ['consent is pending, so events are only in the page’s memory'],
    repair: ASK,
  },
  denied: {
    title: 'Nothing is recorded for this visitor, since consent is denied.',
    evidence: ['consent is denied'],
    repair: `${ASK} Nothing, if the visitor has to agree first.`,
  },
};

/** Whether consent is missing. A tracker that ignores driven browsers does not say; then its tag does. */
export const consentGiven: Rule = {
  find({ browser }) {
    const tracker = browser?.tracker;
    const state = STATES[tracker?.consent ?? ''];
    if (state) return [finding('note', 'consent-missing', state)];
    const isPending = tracker?.startedBy?.['data-consent'] === 'pending';
    return isPending && tracker.consent === undefined
      ? [
          finding('note', 'consent-missing', {
            title:
              'The tracker begins without consent. It leaves a driven browser alone, so the doctor did not see whether consent is given later.',
            evidence: ['the tag has data-consent="pending"'],
            repair: ASK,
          }),
        ]
      : [];
  },
};
