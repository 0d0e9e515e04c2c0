/** The options as the tracker understood them, and where each came from. */
import type { ResolvedOptions } from '../../client/options.js';
import { isSubject } from '../../protocol/subject.js';
import { hasGpc } from './page-facts.js';

/** One option. */
export interface Setting {
  readonly name: string;
  readonly value: string;
  /** Where it came from. */
  readonly origin: string;
}

/** Every option: its default in words, and the attribute of the script tag that sets it, without `data-`. */
export const SETTINGS: Readonly<Record<string, readonly [standard: string, attribute?: string]>> = {
  endpoint: ['/offer-events', 'endpoint'],
  'viewability.ratio': ['0.5', 'ratio'],
  'viewability.dwellMs': ['1000', 'dwell'],
  'viewability.largeAreaPx': ['242500'],
  'viewability.largeRatio': ['0.3'],
  'dismissal.controls': ['close controls by their name', 'controls'],
  'dismissal.labels': ['those of known languages', 'labels'],
  'dismissal.escape': ['true', 'escape'],
  repeat: ['page', 'repeat'],
  ignore: ['off', 'ignore'],
  occlusion: ['true', 'occlusion'],
  dataLayer: ['none', 'data-layer'],
  consent: ['granted', 'consent'],
  respectGpc: ['false', 'gpc'],
  subject: ['nobody', 'subject'],
  machines: ['ignore', 'machines'],
  'outbox.name': ['offersight', 'outbox'],
  'outbox.maxEntries': ['10000'],
  'outbox.maxBytes': ['4194304'],
  'outbox.retentionMs': ['259200000'],
  'delivery.maxBatch': ['100'],
  'delivery.maxBatchBytes': ['48000'],
  'delivery.flushIntervalMs': ['250'],
  'delivery.longestPauseMs': ['300000'],
  debug: ['false', 'debug'],
};

/** The tag that started the script file, if that did. */
const tagOfPage = (): Element | undefined => {
  const { by } = Object((globalThis as { offersight?: unknown }).offersight) as { by?: unknown };
  return by instanceof Element ? by : undefined;
};

const wordsOf = (value: unknown): string => {
  if (typeof value === 'function') return 'a function';
  return Array.isArray(value) ? value.join(', ') : String(value);
};

/** The values of the options by name; an endpoint of this origin is written as a path. */
const givenOf = (options: ResolvedOptions, name: string): unknown => {
  if (name === 'endpoint') return options.endpoint.replace(location.origin, '');
  const [group = '', member] = name.split('.');
  const value = options[group as keyof ResolvedOptions];
  return member === undefined ? value : (value as Readonly<Record<string, unknown>> | undefined)?.[member];
};

/** Defaults on a machine of one's own. */
const LOCAL: Readonly<Record<string, string>> = { machines: 'count', 'delivery.longestPauseMs': '5000' };

/** An e-mail address that was given as a subject is not shown: what is copied goes to others. */
const shownOf = (name: string, value: string): string =>
  name === 'subject' && !isSubject(value) ? 'not valid' : value;

/** Lists every option. */
export const settingsOf = (options: ResolvedOptions): Setting[] => {
  const tag = tagOfPage();
  return Object.entries(SETTINGS).map(([name, [standard, attribute]]) => {
    const given = givenOf(options, name);
    const local = given === undefined && options.isLocal ? LOCAL[name] : undefined;
    const value = local ?? (given === undefined ? standard : shownOf(name, wordsOf(given)));
    const isOnTag = attribute !== undefined && tag?.hasAttribute(`data-${attribute}`);
    // What a page decided since is not the tag's.
    const isDecided = /^(?:consent|subject)$/.test(name) && tag?.getAttribute(`data-${attribute}`) !== given;
    if (name === 'consent' && given === 'denied' && options.respectGpc && hasGpc())
      return { name, value, origin: 'Global Privacy Control of the browser' };
    if (isOnTag && !isDecided) return { name, value, origin: `data-${attribute} of the script tag` };
    if (local) return { name, value, origin: 'default on this machine' };
    return { name, value, origin: value === standard ? 'default' : 'code of the page' };
  });
};
