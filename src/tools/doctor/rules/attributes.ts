/** Attributes that are nearly right: a name with a wrong letter, or a value that nothing can use. */
import {
  mistakeOf,
  tagNameMistakeOf,
  tagValueMistakesOf,
} from '../../../client/later/debug/attribute-mistakes.js';
import type { Rule } from '../finding.js';
import { isRunnable, showTag } from '../tags.js';
import { tagsOf } from './script-tag.js';
import { finding } from './wording.js';

/** Whether the attributes of offers and their controls are known. Their ids are another rule's. */
export const offerAttributes: Rule = {
  find({ browser }) {
    const mistakes = (browser?.attributes ?? []).flatMap(({ name, value, markup }) => {
      const isElsewhere = name === 'data-offer-id' || browser?.misspelt.includes(name);
      const words = isElsewhere ? undefined : mistakeOf(name, value);
      return words ? [`${markup}: ${words}`] : [];
    });
    if (!mistakes.length) return [];
    return [
      finding('warning', 'offer-attribute', {
        title:
          'An attribute of an offer is not one that the tracker knows, or has a value that it cannot use.',
        evidence: mistakes,
        repair: 'Correct the name or the value. docs/reference/attributes.md has all of them.',
      }),
    ];
  },
};

/** Whether the attributes of the tag are known. */
export const tagAttributes: Rule = {
  find(observed) {
    const { browser } = observed;
    const tags = tagsOf(observed).filter(isRunnable);
    const startedBy = browser?.tracker.startedBy ?? tags[0]?.attributes ?? {};
    const mistakes = [
      ...tags.flatMap(({ attributes }) =>
        Object.keys(attributes).flatMap((name) => tagNameMistakeOf(name) ?? []),
      ),
      ...tagValueMistakesOf((name) => startedBy[name] ?? null),
    ];
    if (!mistakes.length) return [];
    return [
      finding('warning', 'script-attribute', {
        title: 'An attribute of the tag is not one that the script knows, or has a value that it cannot use.',
        evidence: [...mistakes, ...tags.map(showTag)],
        repair: 'Correct the name or the value. docs/reference/attributes.md has all of them.',
      }),
    ];
  },
};

/** Hardly any visitor looks at an offer for so long, milliseconds. */
const LONG_MS = 10_000;

/** Whether offers have to be looked at for so long that hardly any counts. */
export const offersPatient: Rule = {
  find({ browser }) {
    const attributes = browser?.attributes ?? [];
    const long = attributes.filter(
      ({ name, value }) => name === 'data-offer-dwell' && Number(value) >= LONG_MS,
    );
    const tag = browser?.tracker.startedBy;
    const isTag = Number(tag?.['data-dwell']) >= LONG_MS;
    if (!long.length && !isTag) return [];
    return [
      finding('note', 'offer-needs-long', {
        title: 'Offers have to be in view for 10 s or longer, so hardly any counts.',
        evidence: [
          ...(tag && isTag ? [showTag({ attributes: tag })] : []),
          ...long.map(({ markup }) => markup),
        ],
        repair: 'Nothing, if that is meant. The time is in milliseconds, and the default is 1000.',
      }),
    ];
  },
};
