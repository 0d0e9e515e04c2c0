/**
 * Offersight for a script tag: reads the tag's data attributes, starts one tracker and drains the commands that
 * the page pushed before it loaded. Loading it again changes nothing.
 */
import { call } from './client/seer.js';
import { createOfferTracker, type OfferTracker, type TrackerOptions } from './index.js';
import { tag } from './script-tag.js';

type Command = (tracker: OfferTracker) => unknown;
interface CommandQueue {
  /** The tag that the tracker was started by. */
  readonly by?: Element | null;
  push(...commands: Command[]): void;
}

const page = window as unknown as { offersight?: Command[] | CommandQueue };

/** Without a value it counts as left out. */
const numberOf = (text: string): number | undefined => (text ? Number(text) : undefined);

const isOn = (text: string): boolean => text !== 'false';

/** Every attribute of the tag: `data-…` → how its text is read, and the option it sets, if that has another name. */
const ATTRIBUTES: Readonly<Record<string, readonly [read: (text: string) => unknown, option?: string]>> = {
  endpoint: [String],
  repeat: [String],
  debug: [isOn],
  ignore: [String],
  occlusion: [isOn],
  'data-layer': [(text) => text || 'dataLayer', 'dataLayer'],
  ratio: [numberOf, 'viewability.ratio'],
  dwell: [numberOf, 'viewability.dwellMs'],
  controls: [String, 'dismissal.controls'],
  labels: [(text) => text.split(','), 'dismissal.labels'],
  escape: [isOn, 'dismissal.escape'],
  outbox: [String, 'outbox.name'],
  consent: [String],
  gpc: [isOn, 'respectGpc'],
  subject: [(text) => text || undefined],
  machines: [String],
};

const readOptions = (): TrackerOptions => {
  const options: Record<string, unknown> = {};
  // One question for all that the tag has is sooner answered than one for each that it may have.
  const names = tag?.getAttributeNames();
  for (const [name, [read, option = name]] of Object.entries(ATTRIBUTES)) {
    if (!names?.includes(`data-${name}`)) continue;
    // It is among those that the tag has.
    const text = tag?.getAttribute(`data-${name}`) as string;
    const [group = '', member] = option.split('.');
    options[group] = member
      ? { ...(options[group] as object | undefined), [member]: read(text) }
      : read(text);
  }
  // The check of the options reports everything that is missing or wrong.
  return options;
};

const queued = page.offersight ?? [];
const endpoint = tag?.getAttribute('data-endpoint');
// If it is not an array, only our own object has `push`; an element of that name or id does not.
if (Array.isArray(queued) || queued instanceof Element || !('push' in queued)) {
  const found = tag ? tag.type === 'module' && 'a guess' : 'not found';
  if (!endpoint || found)
    console.warn(
      `Offersight:${endpoint ? '' : ' no data-endpoint, so it is /offer-events.'}${found ? ` The tag is ${found}: leave type=module out.` : ''}`,
    );
  const tracker = createOfferTracker(readOptions());
  const push = (...commands: Command[]): void => {
    // The page's own mistake is shown as its own, and the commands behind it still run.
    for (const command of commands) call(() => command(tracker));
  };
  page.offersight = { push, by: tag };
  if (Array.isArray(queued)) push(...queued);
} else if (endpoint && endpoint !== queued.by?.getAttribute('data-endpoint'))
  console.warn(`Offersight: the tag for ${endpoint} is ignored, since another one came first. Remove one.`);
