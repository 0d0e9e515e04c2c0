/** The rules of our English. Each reads one passage and says what is wrong with it; `lint.ts` makes rules of textlint of them. */
import { CODE, type Kind, type Passage, sentencesOf, wordsOf } from './passage.js';
import { hasVerb } from './verbs.js';
import { WORDINGS } from './words.js';

/** One fault, and where in the passage it is. */
export interface Fault {
  readonly index: number;
  readonly message: string;
}

/** One rule. */
export interface Rule {
  readonly id: string;
  check(passage: Passage): readonly Fault[];
}

/** The text of a flag or a column may be a noun, such as “Who may report”. */
const WORDS_OF_A_LABEL = 8;

/** A reader holds about so many words in mind. */
const WORDS_A_SENTENCE = 35;
/** A cell of a table is short, so it may have one more. */
const semicolonsIn = (kind: Kind): number => (kind === 'cell' ? 2 : 1);

const only =
  (kinds: readonly Kind[], check: Rule['check']): Rule['check'] =>
  (passage) =>
    kinds.includes(passage.kind) ? check(passage) : [];

const checkWords: Rule['check'] = (passage) =>
  sentencesOf(passage).flatMap(({ text, index }) =>
    WORDINGS.flatMap(({ id, pattern, instead }) =>
      [...text.matchAll(pattern)].map((match) => ({
        index: index + match.index,
        message: `${id}: “${match[0].trim()}”. Write: ${instead}.`,
      })),
    ),
  );

const checkLength: Rule['check'] = (passage) =>
  sentencesOf(passage).flatMap(({ text, index }) => {
    const count = wordsOf(text).length;
    return count > WORDS_A_SENTENCE
      ? [
          {
            index,
            message: `A sentence of ${count} words. Write several, of at most ${WORDS_A_SENTENCE} words each.`,
          },
        ]
      : [];
  });

const checkSemicolons: Rule['check'] = ({ kind, text }) => {
  const found = [...text.replace(/&[a-z]+;/g, (entity) => 'x'.repeat(entity.length)).matchAll(/;/g)];
  const second = found[semicolonsIn(kind)];
  return second
    ? [
        {
          index: second.index,
          message: `${found.length} semicolons in one paragraph. Write sentences, or a list.`,
        },
      ]
    : [];
};

/** “What marks an element needs no tracker”: a clause as a subject hides who acts. Questions and headings may begin so. */
const CLAUSE_AS_SUBJECT = /^(?:What|Who|Whom|Whose|Which) (?!if\b|about\b)[^?]*[.:;]/;

const checkSubject: Rule['check'] = (passage) =>
  sentencesOf(passage).flatMap(({ text, index }) =>
    CLAUSE_AS_SUBJECT.test(text) && (passage.kind !== 'message' || wordsOf(text).length > WORDS_OF_A_LABEL)
      ? [
          {
            index,
            message: `“${text.split(' ').slice(0, 4).join(' ')}…” is a clause as a subject. Name who or what acts.`,
          },
        ]
      : [],
  );

const isFragment = (text: string): boolean => !hasVerb(text.replaceAll(CODE, ''));

const checkTitle: Rule['check'] = ({ text }) => {
  // Every row of its table is a title.
  if (/^(?:%[a-z]|\$[\w.]+|[“”: ]|Code_)+$/.test(text)) return [];
  if (isFragment(text)) return [{ index: 0, message: `“${text}” has no verb. A title is a whole sentence.` }];
  return /^(?:of|in|on|at|by|with|without|from|for|to|into|through|over|behind|beside|between) (?![^,]*, )/.test(
    text,
  )
    ? [
        {
          index: 0,
          message: `“${text}” begins with a preposition. A title begins with its subject or its verb.`,
        },
      ]
    : [];
};

/** A hint says what to do. Other messages may be labels, such as the meaning of a flag. */
const checkHint: Rule['check'] = (passage) =>
  sentencesOf(passage).flatMap(({ text, index }) =>
    /^[A-Z].*\.$/.test(text) && !text.startsWith(CODE) && wordsOf(text).length > 2 && isFragment(text)
      ? [{ index, message: `“${text}” has no verb. Say what happened, or what to do.` }]
      : [],
  );

/** All rules. */
export const RULES: readonly Rule[] = [
  { id: 'words', check: checkWords },
  {
    id: 'long-sentence',
    check: only(['document', 'cell', 'docstring', 'comment', 'message', 'hint'], checkLength),
  },
  {
    id: 'semicolons',
    check: only(['document', 'cell', 'docstring', 'comment', 'message', 'hint'], checkSemicolons),
  },
  { id: 'subject', check: only(['document', 'message', 'hint'], checkSubject) },
  { id: 'title', check: only(['title'], checkTitle) },
  { id: 'hint', check: only(['hint'], checkHint) },
];
