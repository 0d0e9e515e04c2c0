/** A contender's page: the same offers come into sight in the same way for each contender. Runs in the browser. */
import type { OfferEvent, OfferTracker } from 'offersight';
import { BASELINES } from './baselines.js';
import type { Contender, ContestPage } from './words.js';

const contender = new URLSearchParams(location.search).get('contender') as Contender;
const onCreated = new Map<string, () => void>();

/** Ours sees offers by itself, since the script file is already in the page. */
const watchOurs = (): ContestPage['waiting'] => {
  document.addEventListener('offersight:viewed', (announced) =>
    onCreated.get((announced as CustomEvent<OfferEvent>).detail.offerId)?.(),
  );
  const { offersight } = window as unknown as {
    offersight: { push(command: (tracker: OfferTracker) => void): void };
  };
  return () =>
    new Promise((resolve) =>
      offersight.push(async (tracker) => resolve((await tracker.stats()).outbox?.waiting ?? NaN)),
    );
};

/** The others get events from the simplest observer. */
const watchBaseline = (name: keyof typeof BASELINES): ContestPage['waiting'] => {
  const technique = BASELINES[name]();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio } of entries) {
        const offerId = target.getAttribute('data-offer-id') ?? '';
        if (intersectionRatio < 0.5) continue;
        observer.unobserve(target);
        technique.create(offerId);
        onCreated.get(offerId)?.();
      }
    },
    { threshold: [0.5] },
  );
  for (const offer of document.querySelectorAll('.offer')) observer.observe(offer);
  return async () => technique.waiting();
};

const contest: ContestPage = {
  waiting: contender === 'offersight' ? watchOurs() : watchBaseline(contender),
  show: (offerId, next) =>
    new Promise((resolve) => {
      onCreated.set(offerId, () => {
        if (next) location.href = next;
        resolve();
      });
      document.querySelector(`[data-offer-id="${offerId}"]`)?.parentElement?.classList.add('shown');
    }),
};
Object.assign(window, { contest });
