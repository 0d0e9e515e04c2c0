/**
 * Offersight for a script tag: reads the tag's data attributes, starts one tracker and drains the commands that
 * the page pushed before it loaded. Loading it again changes nothing.
 */
import { createOfferTracker, type OfferTracker, type TrackerOptions } from './index.js';

type Command = (tracker: OfferTracker) => void;
interface CommandQueue {
  push(...commands: Command[]): void;
}

const page = window as unknown as { offersight?: Command[] | CommandQueue };

/** Without a value it counts as left out. */
const numberOf = (text: string): number | undefined => (text ? Number(text) : undefined);

const isOn = (text: string): boolean => text !== 'false';

/** Every attribute of the tag: `data-…` → the option it sets, and how its text is read. */
const ATTRIBUTES: Readonly<Record<string, readonly [option: string, read: (text: string) => unknown]>> = {
  endpoint: ['endpoint', String],
  repeat: ['repeat', String],
  debug: ['debug', isOn],
  ignore: ['ignore', (text) => (text && Number(text) >= 0 ? Number(text) : text)],
  occlusion: ['occlusion', isOn],
  'data-layer': ['dataLayer', (text) => text || 'dataLayer'],
  ratio: ['viewability.ratio', numberOf],
  dwell: ['viewability.dwellMs', numberOf],
  controls: ['dismissal.controls', String],
  escape: ['dismissal.escape', isOn],
  outbox: ['outbox.name', String],
  consent: ['consent', String],
  gpc: ['respectGpc', isOn],
  subject: ['subject', (text) => text || undefined],
};

const optionsOf = (tag: HTMLScriptElement | null): TrackerOptions => {
  const options: Record<string, unknown> = {};
  for (const [name, [option, read]] of Object.entries(ATTRIBUTES)) {
    const text = tag?.getAttribute(`data-${name}`);
    const [group = '', member] = option.split('.');
    if (text == null) continue;
    options[group] = member
      ? { ...(options[group] as object | undefined), [member]: read(text) }
      : read(text);
  }
  // Whatever is missing or wrong is reported by the check of the options.
  return options as unknown as TrackerOptions;
};

const queued = page.offersight ?? [];
// Of what is not an array only our own has `push`; an element of that name or id is none of it.
if (Array.isArray(queued) || queued instanceof Element || !('push' in queued)) {
  // An image of that name would hide the tag, and set every option by its own attributes.
  const tag = Reflect.get(Document.prototype, 'currentScript', document) as HTMLScriptElement | null;
  const tracker = createOfferTracker(optionsOf(tag));
  const push = (...commands: Command[]): void => {
    for (const command of commands) {
      try {
        command(tracker);
      } catch (cause) {
        // The page's own mistake: shown as its own, and the commands behind it still run.
        console.error(cause);
      }
    }
  };
  page.offersight = { push };
  if (Array.isArray(queued)) push(...(queued as Command[]));
}
