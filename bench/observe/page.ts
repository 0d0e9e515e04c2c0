/** The measured page: builds one layout and does the same work for each contender. Runs in the browser. */
import { createBare } from './bare.js';
import { type BenchPage, type Layout, type Phase, SNOWPLOW_COUNTED, type Strategy } from './plan.js';

const settings = new URLSearchParams(location.search);
const strategy = settings.get('strategy') as Strategy;
const layout = settings.get('layout') as Layout;
const count = Number(settings.get('count'));

/** Long enough for work that is put off by 100 ms to fall into the phase that caused it. */
const QUIET_FRAMES = 7;
/** The first screen counts after 1 s, and is sent 250 ms later. */
const REST_MS = 1_400;
const STEP_PX = 48;
const GROUP = 50;

const bare = strategy === 'bare' ? createBare() : undefined;
let countedByTracker = 0;
for (const type of ['offersight:viewed', SNOWPLOW_COUNTED])
  document.addEventListener(type, () => countedByTracker++);

let frames = 0;
const frame = async (): Promise<void> => {
  await new Promise(requestAnimationFrame);
  frames++;
};
const quiet = async (): Promise<void> => {
  for (let turn = 0; turn < QUIET_FRAMES; turn++) await frame();
};

const template = document.createElement('template');
template.innerHTML = '<article class="offer"><b>Two months on us</b></article>';
const offerIn = (parent: Node, id: string): Element => {
  const offer = (template.content.firstElementChild as Element).cloneNode(true) as Element;
  offer.setAttribute('data-offer-id', id);
  parent.appendChild(offer);
  return offer;
};

/** Offers in groups of 50, which only in `carousels` look different from no groups at all. */
const offersIn = (parent: Node, prefix: string, total: number): Element[] => {
  const offers: Element[] = [];
  for (let start = 0; start < total; start += GROUP) {
    const group = document.createElement('section');
    group.className = 'group';
    for (let index = start; index < Math.min(total, start + GROUP); index++)
      offers.push(offerIn(group, `${prefix}-${index}`));
    parent.appendChild(group);
  }
  return offers;
};

const main = document.querySelector('main') as HTMLElement;
const coming = document.querySelector('#coming') as HTMLElement;
const bar = document.querySelector('#bar') as HTMLElement;

const work: Record<Phase, () => Promise<void>> = {
  async mount() {
    const fragment = document.createDocumentFragment();
    const offers = offersIn(fragment, 'offer', count);
    main.append(fragment);
    if (bare) for (const offer of offers) bare.observe(offer);
  },

  async rest() {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
  },

  async scroll() {
    for (let turn = 0; turn < 60; turn++) {
      scrollBy(0, STEP_PX);
      await frame();
    }
    const last = document.documentElement.scrollHeight - innerHeight;
    for (let turn = 1; turn <= 60; turn++) {
      // 37 and 60 have no common divisor, so every stop comes once, and never next to the one before.
      scrollTo(0, (last * ((turn * 37) % 60)) / 59);
      await frame();
    }
    if (layout !== 'carousels') return;
    // The scroll ends at the top, where these offers are.
    const rows = [...main.children].slice(0, 5);
    for (let turn = 0; turn < 30; turn++) {
      for (const row of rows) row.scrollBy(turn < 20 ? STEP_PX : 10 * STEP_PX, 0);
      await frame();
    }
  },

  async layout() {
    for (let turn = 0; turn < 30; turn++) {
      bar.style.width = `${100 + (turn % 2) * 7}px`;
      await frame();
    }
  },

  async churn() {
    for (let turn = 0; turn < 15; turn++) {
      const offers = offersIn(coming, `late-${turn}`, 50);
      if (bare) for (const offer of offers) bare.observe(offer);
      await frame();
      coming.replaceChildren();
      if (bare) for (const offer of offers) bare.unobserve(offer);
      await frame();
    }
  },
};

const bench: BenchPage = {
  ready: quiet,
  async run(phase) {
    frames = 0;
    await work[phase]();
    await quiet();
    return frames;
  },
  counted: () => bare?.counted() ?? countedByTracker,
};
Object.assign(window, { bench });
