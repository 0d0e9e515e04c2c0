/**
 * A small filter list of our own, in EasyList's form: names that the public lists are about and that a deployment of ours could
 * come near to. It copies none of them, and is there so that the check needs no network.
 */
import type { FilterLists } from './names.js';

/** Parts of addresses. `*` stands for anything, `^` for the end of a word, and `|` at the end for the end of the address. */
const BLOCKED = [
  '/push/offer/',
  '/aff_i?offer_id=',
  '/click?pid=*&offer_id=',
  '/api/v1/impressions',
  '/impressions?',
  '/impression^',
  '/ahoy/events',
  '/event-log?',
  '/events/view?',
  '/track^',
  '/tracker^',
  '/tracker.js',
  '/tracking^',
  '/analytics^',
  '/analytics.js',
  '/collect?',
  '/collect|',
  '/beacon^',
  '/pixel^',
  '/pixel.',
  '/telemetry^',
  '/stats/collect',
  '/adserver^',
  '/ads^',
  '/advert^',
  '/adverts^',
  '/banners^',
  '/sponsored^',
  '/conversion-tracking^',
  '/event-tracking^',
  '/log-event^',
] as const;

/** Classes and ids; `*` stands for anything. */
const HIDDEN = [
  '.promoAd*',
  '.ad-promo*',
  '.overlay-content-promotion',
  '.ad',
  '.ads',
  '.adbox',
  '.ad-box',
  '.ad-banner*',
  '.ad-container*',
  '.ad-slot*',
  '.ad-unit*',
  '.ad-wrapper*',
  '.adsbox',
  '.adsbygoogle',
  '.advert',
  '.advertisement*',
  '.banner-ad*',
  '.banner_ad*',
  '.bannerAd*',
  '.sponsored*',
  '.sponsor-banner*',
  '.text-ad*',
  '.promo-ad*',
  '#ad',
  '#ads',
  '#ad-*',
  '#ads-*',
  '#ad_*',
  '#adbanner*',
  '#banner-ad*',
  '#banner_ad*',
  '#sponsored*',
] as const;

const toPattern = (filter: string): RegExp =>
  new RegExp(
    filter
      .replaceAll(/[.+?${}()[\]\\/]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('^', '(?:[/?&:=#]|$)')
      .replace(/\|$/, '$'),
  );

const URL_PATTERNS = BLOCKED.map((filter) => [filter, toPattern(filter)] as const);
const NAME_PATTERNS = HIDDEN.map((filter) => [filter, toPattern(`${filter}|`)] as const);

/** The filter of a list that fits a string. */
const filterOf = (patterns: readonly (readonly [string, RegExp])[], text: string): string | undefined =>
  patterns.find(([, pattern]) => new RegExp(`^${pattern.source}`).test(text))?.[0];

/** Our own list. It looks only at an address's path and query; the host makes no difference. */
export const smallList: FilterLists = {
  name: 'the small list of the doctor',
  blocks({ url }) {
    const { pathname, search } = new URL(url);
    const text = `${pathname}${search}`;
    const found = URL_PATTERNS.find(([, pattern]) => pattern.test(text));
    return found && { filter: found[0], list: 'the small list of the doctor' };
  },
  hides: (names) =>
    names
      .filter((name) => filterOf(NAME_PATTERNS, name) !== undefined)
      // A class may have characters that a selector has to escape.
      .map((name) => (name.startsWith('#') ? `[id="${name.slice(1)}"]` : `[class~="${name.slice(1)}"]`)),
};
