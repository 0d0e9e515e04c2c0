/**
 * Properties of our own objects that get short names in the files that a page loads. A name belongs here only if nobody
 * outside of one file ever reads it: no page, server, database, other file or other copy of the package.
 * `test/mangled.test.ts` derives from the sources what must not be here.
 *
 * `impression` is missing on purpose: a page's own settings are copied into a placement, where a short key of the page
 * would be mistaken for it.
 */

/**
 * What only the script file reads.
 * @type {readonly string[]}
 */
export const IN_SCRIPT = [
  'abandon',
  'acceptedOffers',
  'animations',
  'attend',
  'decided',
  'drawings',
  'early',
  'goneAt',
  'hasBegun',
  'hasEscape',
  'isAwaited',
  'isBlocked',
  'isByHand',
  'isConventional',
  'isInSight',
  'isRestless',
  'judgeEarly',
  'learn',
  'learned',
  'look',
  'need',
  'onAccept',
  'onAccepted',
  'onAnnounced',
  'onDecided',
  'onDismiss',
  'onGone',
  'onIdle',
  'onInvalid',
  'onPageView',
  'onTrees',
  'past',
  'pay',
  'place',
  'recorder',
  'roots',
  'sight',
  'wasInView',
  'wasOpen',
  'wasScrolled',
  'whenLearned',
];

/**
 * What only delivery reads, which is a file of its own beside the script and a part of the worker.
 * @type {readonly string[]}
 */
export const IN_DELIVERY = [
  'bury',
  'choose',
  'chooseCopies',
  'endPause',
  'excess',
  'flusher',
  'forgetUser',
  'giveUp',
  'heldOffers',
  'hurry',
  'knownPause',
  'leasing',
  'nextAt',
  'onAttempt',
  'onSettled',
  'onStranded',
  'pausedUntil',
  'readPause',
  'remembered',
  'setPause',
  'setSite',
  'settle',
  'startPass',
  'taken',
  'tellTabs',
  'verdicts',
  'visit',
  'ways',
];
